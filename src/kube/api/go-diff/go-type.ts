import { OTHER_STRUCTS } from "./other-structs.ts";
import { POD_STRUCTS } from "./pod-structs.ts";
import { VOLUME_STRUCTS } from "./volume-structs.ts";

/**
 * The notation of the tables of Go's structs: `# core` opens a package, each further line is a struct with its fields in Go's
 * order, `GoName=jsonName:type`. The JSON name is left out where it is Go's with a small first letter. Types: none or `s`
 * string, `b` bool, `i` int32, `l` int64, `q` Quantity, `x` IntOrString, `*T` pointer, `[]T` slice, `{}T` map of strings, `.T`
 * an embedded struct, a struct, `ResourceList`, or the name of a string type. `Name =Other` has the fields of the other one.
 */
const TABLES = [POD_STRUCTS, VOLUME_STRUCTS, OTHER_STRUCTS];

/** A Go type, whose values are JSON: what is not given is nil, or the zero of what cannot be nil. */
export type GoType =
  | { kind: "string"; name: string; isStringer: boolean }
  | { kind: "bool" | "int"; name: string }
  | { kind: "quantity"; name: string }
  | { kind: "struct"; name: string; fields: () => readonly GoField[] }
  | { kind: "pointer"; name: string; to: GoType }
  | { kind: "slice"; name: string; of: GoType }
  | { kind: "map"; name: string; key: GoType; of: GoType };

export interface GoField {
  name: string;
  type: GoType;
  /** The field's value in its struct's JSON. */
  of: (value: unknown) => unknown;
}

const STRING: GoType = { kind: "string", name: "string", isStringer: false };
const QUANTITY: GoType = { kind: "quantity", name: "resource.Quantity" };
const INT32: GoType = { kind: "int", name: "int32" };
const INT_OR_STRING_FIELDS: readonly GoField[] = [
  {
    name: "Type",
    type: { kind: "int", name: "intstr.Type" },
    of: (value) => Number(typeof value === "string"),
  },
  { name: "IntVal", type: INT32, of: (value) => (typeof value === "number" ? value : 0) },
  { name: "StrVal", type: STRING, of: (value) => (typeof value === "string" ? value : "") },
];
const INT_OR_STRING: GoType = {
  kind: "struct",
  name: "intstr.IntOrString",
  fields: () => INT_OR_STRING_FIELDS,
};
const SCALARS: Record<string, GoType> = {
  s: STRING,
  b: { kind: "bool", name: "bool" },
  i: INT32,
  l: { kind: "int", name: "int64" },
  q: QUANTITY,
  x: INT_OR_STRING,
};
const RESOURCE_NAME: GoType = { kind: "string", name: "core.ResourceName", isStringer: true };
const RESOURCE_LIST: GoType = { kind: "map", name: "core.ResourceList", key: RESOURCE_NAME, of: QUANTITY };

let texts: Map<string, string> | undefined;
const structs = new Map<string, GoType & { kind: "struct" }>();

/** The struct of this name, `core.PersistentVolumeSource`. */
export function goStructType(name: string): GoType & { kind: "struct" } {
  const type = findStruct(name);
  if (type === undefined) throw new Error(`no Go struct is known as ${name}`);
  return type;
}

function findStruct(name: string): (GoType & { kind: "struct" }) | undefined {
  texts ??= new Map(TABLES.flatMap(splitStructs));
  const text = texts.get(name);
  if (text === undefined) return undefined;
  let type = structs.get(name);
  if (type === undefined) {
    let fields: readonly GoField[] | undefined;
    const pkg = name.split(".", 1)[0]!;
    type = {
      kind: "struct",
      name,
      fields: () => (fields ??= parseFields(text, pkg)),
    };
    structs.set(name, type);
  }
  return type;
}

function splitStructs(table: string): [name: string, fields: string][] {
  let pkg = "";
  return table
    .split("\n")
    .filter(Boolean)
    .flatMap((line): [string, string][] => {
      const space = line.indexOf(" ");
      const fields = line.slice(space + 1);
      if (!line.startsWith("# ")) return [[`${pkg}.${line.slice(0, space)}`, fields]];
      pkg = fields;
      return [];
    });
}

function parseFields(text: string, pkg: string): readonly GoField[] {
  if (text.startsWith("=")) return goStructType(`${pkg}.${text.slice(1)}`).fields();
  return text.split(" ").map((one) => parseField(one, pkg));
}

function parseField(token: string, pkg: string): GoField {
  const [, name = "", json, type = "s"] = /^(\w+)(?:=(\w+))?(?::(.+))?$/.exec(token)!;
  if (type.startsWith(".")) return { name, type: parseType(type.slice(1), pkg), of: (value) => value };
  const jsonName = json ?? name[0]!.toLowerCase() + name.slice(1);
  const of = (value: unknown) => (value as Record<string, unknown> | null | undefined)?.[jsonName];
  return { name, type: parseType(type, pkg), of };
}

function parseType(text: string, pkg: string): GoType {
  const [, prefix, base] = /^(\*|\[\]|\{\})?(.+)$/.exec(text)!;
  if (prefix === undefined) return parseName(base!, pkg);
  const inner = parseType(base!, pkg);
  if (prefix === "*") return { kind: "pointer", name: `*${inner.name}`, to: inner };
  if (prefix === "[]") return { kind: "slice", name: `[]${inner.name}`, of: inner };
  return { kind: "map", name: `map[string]${inner.name}`, key: STRING, of: inner };
}

function parseName(name: string, pkg: string): GoType {
  if (SCALARS[name] !== undefined) return SCALARS[name];
  if (name === "ResourceList") return RESOURCE_LIST;
  const full = name.includes(".") ? name : `${pkg}.${name}`;
  if (full === RESOURCE_NAME.name) return RESOURCE_NAME;
  return findStruct(full) ?? { kind: "string", name: full, isStringer: false };
}

/** reflect.Value.IsZero. */
export function isZero(type: GoType, value: unknown): boolean {
  switch (type.kind) {
    case "struct":
      return type.fields().every((field) => isZero(field.type, field.of(value)));
    case "string":
      return (value ?? "") === "";
    case "bool":
      return !value;
    case "int":
      return (value ?? 0) === 0;
    default:
      return value === undefined || value === null;
  }
}
