import { GO_STRUCTS } from "./go-structs.ts";

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
  jsonName: string;
  type: GoType;
}

const STRING: GoType = { kind: "string", name: "string", isStringer: false };
const QUANTITY: GoType = { kind: "quantity", name: "resource.Quantity" };
const SCALARS: Record<string, GoType> = {
  s: STRING,
  b: { kind: "bool", name: "bool" },
  i: { kind: "int", name: "int32" },
  q: QUANTITY,
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
  texts ??= splitStructs(GO_STRUCTS);
  const text = texts.get(name);
  if (text === undefined) return undefined;
  let type = structs.get(name);
  if (type === undefined) {
    let fields: readonly GoField[] | undefined;
    const pkg = name.split(".", 1)[0]!;
    type = {
      kind: "struct",
      name,
      fields: () => (fields ??= text.split(" ").map((one) => parseField(one, pkg))),
    };
    structs.set(name, type);
  }
  return type;
}

function splitStructs(table: string): Map<string, string> {
  const out = new Map<string, string>();
  let pkg = "";
  for (const line of table.split("\n").filter(Boolean)) {
    const space = line.indexOf(" ");
    if (line.startsWith("# ")) pkg = line.slice(2);
    else out.set(`${pkg}.${line.slice(0, space)}`, line.slice(space + 1));
  }
  return out;
}

function parseField(token: string, pkg: string): GoField {
  const [, name, jsonName, type = "s"] = /^(\w+)(?:=(\w+))?(?::(.+))?$/.exec(token)!;
  return {
    name: name!,
    jsonName: jsonName ?? name![0]!.toLowerCase() + name!.slice(1),
    type: parseType(type, pkg),
  };
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
  return findStruct(full) ?? { kind: "string", name: full, isStringer: false };
}

/** A struct's field in a JSON object. */
export function fieldOf(value: unknown, { jsonName }: GoField): unknown {
  return (value as Record<string, unknown> | undefined)?.[jsonName];
}

/** reflect.Value.IsZero. */
export function isZero(type: GoType, value: unknown): boolean {
  switch (type.kind) {
    case "struct":
      return type.fields().every((field) => isZero(field.type, fieldOf(value, field)));
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
