import { type CelType, listType, mapType, objectType, STRING } from "../types/cel-type.ts";

/** A type that comes from a schema, with what the schema says of its size. */
export interface DeclType {
  type: CelType;
  /** Of an object: by their escaped names. */
  fields?: ReadonlyMap<string, DeclType>;
  /** Of a map. */
  key?: DeclType;
  /** Of a list's elements or a map's values. */
  element?: DeclType;
  /** Most characters, elements or entries. */
  maxElements: number;
  /** The fewest bytes that it takes as JSON. */
  minSerializedSize: number;
}

/** `[]` and `{}` */
const MIN_AGGREGATE_SIZE = 2;
/** `""` */
export const MIN_STRING_SIZE = 2;

export function simpleDecl(type: CelType, minSerializedSize: number, maxElements = 0): DeclType {
  return { type, minSerializedSize, maxElements };
}

export function listDecl(element: DeclType, maxElements: number): DeclType {
  return { type: listType(element.type), element, maxElements, minSerializedSize: MIN_AGGREGATE_SIZE };
}

/** A map from strings. */
export function mapDecl(element: DeclType, maxElements: number): DeclType {
  const key = simpleDecl(STRING, MIN_STRING_SIZE);
  return {
    type: mapType(STRING, element.type),
    key,
    element,
    maxElements,
    minSerializedSize: MIN_AGGREGATE_SIZE,
  };
}

/** What an object type is called before it is given a name. */
const UNNAMED = "object";

export function objectDecl(
  fields: ReadonlyMap<string, DeclType>,
  minSerializedSize = MIN_AGGREGATE_SIZE,
  name = UNNAMED,
): DeclType {
  return { type: objectType(name), fields, maxElements: 0, minSerializedSize };
}

/** Names all objects within a type by where they stand: `name.field`, `name.@elem`, `name.@idx`. Those that have a name keep it. */
export function nameDecl(decl: DeclType, name: string): DeclType {
  if (decl.fields !== undefined) return nameObject(decl, decl.fields, name);
  if (decl.element === undefined) return decl;
  const isMap = decl.key !== undefined;
  const element = nameDecl(decl.element, `${name}.${isMap ? "@elem" : "@idx"}`);
  return isMap ? mapDecl(element, decl.maxElements) : listDecl(element, decl.maxElements);
}

function nameObject(decl: DeclType, fields: ReadonlyMap<string, DeclType>, given: string): DeclType {
  const name = decl.type.name === UNNAMED ? given : decl.type.name;
  const named = new Map([...fields].map(([field, type]) => [field, nameDecl(type, `${name}.${field}`)]));
  return objectDecl(named, decl.minSerializedSize, name);
}
