import { GoLiteral, goStringMap, goValue } from "./field-error.ts";
import { type GoType, goStructType } from "./go-diff/go-type.ts";
import { goObjectMeta, goPointer, goQuantity } from "./go-value.ts";

// biome-ignore lint/suspicious/noExplicitAny: values of every shape
type Json = any;

/** A value of a known struct as Go's `%#v` prints it: `batch.SuccessPolicy{Rules:[]…}`; absent is null. */
export function goStructOf(type: string, value: object | undefined): GoLiteral | undefined {
  return value === undefined ? undefined : new GoLiteral(textOf(goStructType(type), value));
}

function textOf(type: GoType, value: Json): string {
  const given = value ?? undefined;
  switch (type.kind) {
    case "struct":
      return structText(type, given);
    case "slice":
      return listText(type, given);
    case "map":
      return type.name === "core.ResourceList" ? amountsText(given) : goStringMap(given).text;
    case "pointer":
      return goPointer(type.to.name, given).text;
    case "quantity":
      return goQuantity(given ?? "0").text;
    case "string":
      return JSON.stringify(given ?? "");
    case "int":
      return String(given ?? 0);
    case "bool":
      return String(given ?? false);
  }
}

function structText(type: GoType & { kind: "struct" }, value: Json): string {
  if (type.name === "v1.ObjectMeta") return goObjectMeta(value ?? {}).text;
  const fields = type.fields().map((field) => `${field.name}:${textOf(field.type, field.of(value))}`);
  return `${type.name}{${fields.join(", ")}}`;
}

function listText({ name, of }: GoType & { kind: "slice" }, list: Json[] | undefined): string {
  if (list === undefined) return `${name}(nil)`;
  const items = list.map((item) => (of.kind === "struct" ? structText(of, item) : goValue(item)));
  return `${name}{${items.join(", ")}}`;
}

function amountsText(amounts: Record<string, string> | undefined): string {
  if (amounts === undefined) return "core.ResourceList(nil)";
  const pairs = Object.keys(amounts)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${goQuantity(amounts[name]!).text}`);
  return `core.ResourceList{${pairs.join(", ")}}`;
}
