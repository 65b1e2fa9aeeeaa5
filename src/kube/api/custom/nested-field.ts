import { invalidArgument } from "../../../base/index.ts";
import { isJsonObject } from "../../../formats/index.ts";
import { goPrinted, goType, isInt64 } from "../go-print.ts";

/** `.spec.replicas` as names of fields. */
const fieldsOf = (path: string) => path.replace(/^\./, "").split(".");

/** A field by a path like `.spec.replicas`; undefined where it is not there (apimachinery NestedFieldNoCopy). Throws InvalidArgument. */
function nestedField(object: unknown, path: string): unknown {
  const fields = fieldsOf(path);
  let value = object;
  for (const [index, field] of fields.entries()) {
    if (value === null) return undefined;
    if (!isJsonObject(value)) throw wrongType(fields.slice(0, index + 1), value, "map[string]interface{}");
    if (!Object.hasOwn(value, field)) return undefined;
    value = value[field];
  }
  return value;
}

/** As `nestedField` for a whole number. */
export function nestedInteger(object: unknown, path: string): number | undefined {
  const value = nestedField(object, path);
  if (value === undefined || (typeof value === "number" && isInt64(value))) return value;
  // A scale counts in 32 bits.
  if (typeof value === "bigint") return Number(value);
  throw wrongType(fieldsOf(path), value, "int64");
}

/** As `nestedField` for a text. */
export function nestedText(object: unknown, path: string): string | undefined {
  const value = nestedField(object, path);
  if (value === undefined || typeof value === "string") return value;
  throw wrongType(fieldsOf(path), value, "string");
}

function wrongType(fields: readonly string[], value: unknown, expected: string) {
  const type = value === null ? "<nil>" : goType(value);
  return invalidArgument(
    `.${fields.join(".")} accessor error: ${goPrinted(value)} is of the type ${type}, expected ${expected}`,
  );
}
