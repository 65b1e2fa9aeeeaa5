import type { Schema } from "js-yaml";
import { exactInteger } from "../../formats/index.ts";

const INT = "tag:yaml.org,2002:int";

/** A schema of YAML whose whole numbers keep their digits as far as an int64 goes, read and written. */
export function keepingIntegers(schema: Schema): Schema {
  const int = schema.tags.find(({ tagName }) => tagName === INT);
  if (int?.nodeKind !== "scalar") throw new TypeError("a schema with whole numbers is needed");
  return schema.withTags({
    ...int,
    resolve: (source, isExplicit, tagName) => {
      const value: unknown = int.resolve(source, isExplicit, tagName);
      return typeof value === "number" ? exactInteger(source, value) : value;
    },
    identify: (value) => typeof value === "bigint" || int.identify(value),
    represent: (value) => (typeof value === "bigint" ? String(value) : int.represent!(value)),
  });
}
