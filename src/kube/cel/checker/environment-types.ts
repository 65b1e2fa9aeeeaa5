import type { CelFunction } from "../functions/declaration.ts";
import type { CelType } from "../types/cel-type.ts";

/** Objects with named fields that expressions may meet. */
export interface StructTypes {
  hasType(name: string): boolean;
  /** The type of a field, or undefined where the type has no such field. */
  fieldType(typeName: string, field: string): CelType | undefined;
}

/** What the checker knows of the world. */
export interface Declarations {
  variables: ReadonlyMap<string, CelType>;
  functions: ReadonlyMap<string, CelFunction>;
  /** Names that stand for types (`string`, `google.protobuf.Timestamp`). */
  typeNames: ReadonlyMap<string, CelType>;
  structs: StructTypes;
  /** Numbers of different types may be ordered. */
  crossTypeComparisons: boolean;
}
