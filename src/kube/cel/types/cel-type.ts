export type CelKind =
  | "any"
  | "bool"
  | "bytes"
  | "double"
  | "duration"
  | "dyn"
  | "error"
  | "int"
  | "list"
  | "map"
  | "null"
  | "opaque"
  | "string"
  | "struct"
  | "timestamp"
  | "type"
  | "typeParam"
  | "uint";

/** A type of the Common Expression Language. `name` is what `type(x)` shows; parameters are those of lists, maps, optionals and types. */
export class CelType {
  readonly kind: CelKind;
  readonly name: string;
  readonly parameters: readonly CelType[];

  constructor(kind: CelKind, name: string, parameters: readonly CelType[] = []) {
    this.kind = kind;
    this.name = name;
    this.parameters = parameters;
  }
}

export const ANY = new CelType("any", "google.protobuf.Any");
export const BOOL = new CelType("bool", "bool");
export const BYTES = new CelType("bytes", "bytes");
export const DOUBLE = new CelType("double", "double");
export const DURATION = new CelType("duration", "google.protobuf.Duration");
export const DYN = new CelType("dyn", "dyn");
export const ERROR = new CelType("error", "error");
export const INT = new CelType("int", "int");
export const NULL = new CelType("null", "null_type");
export const STRING = new CelType("string", "string");
export const TIMESTAMP = new CelType("timestamp", "google.protobuf.Timestamp");
export const UINT = new CelType("uint", "uint");
export const TYPE = new CelType("type", "type");

export const listType = (element: CelType): CelType => new CelType("list", "list", [element]);
export const mapType = (key: CelType, value: CelType): CelType => new CelType("map", "map", [key, value]);
export const typeParam = (name: string): CelType => new CelType("typeParam", name);
export const typeType = (of: CelType): CelType => new CelType("type", "type", [of]);
export const objectType = (name: string): CelType => new CelType("struct", name);
export const opaqueType = (name: string, parameters: readonly CelType[] = []): CelType =>
  new CelType("opaque", name, parameters);

const OPTIONAL_NAME = "optional_type";
export const optionalType = (of: CelType): CelType => opaqueType(OPTIONAL_NAME, [of]);
export const isOptionalType = (type: CelType): boolean =>
  type.kind === "opaque" && type.name === OPTIONAL_NAME;

export const isDynamic = (type: CelType): boolean => type.kind === "dyn" || type.kind === "any";
export const isDynamicOrError = (type: CelType): boolean => isDynamic(type) || type.kind === "error";

/** Same kind, name and parameters. */
export function isExactType(left: CelType, right: CelType): boolean {
  if (left === right) return true;
  if (left.kind !== right.kind || left.name !== right.name) return false;
  if (left.parameters.length !== right.parameters.length) return false;
  return left.parameters.every((parameter, at) => isExactType(parameter, right.parameters[at]!));
}

const SHOWN: Partial<Record<CelKind, string>> = {
  any: "any",
  duration: "duration",
  error: "!error!",
  null: "null",
  timestamp: "timestamp",
};

/** A type as cel-go's messages show it (`FormatCELType`): `list(string)`, `map(string, dyn)`, `timestamp`. */
export function formatType(type: CelType): string {
  const shown = SHOWN[type.kind];
  if (shown !== undefined) return shown;
  if (type.parameters.length === 0) return type.name;
  return `${type.name}(${type.parameters.map(formatType).join(", ")})`;
}
