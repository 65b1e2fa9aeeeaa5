import { errorMessage, invalidArgument } from "../../base/index.ts";
import { parseApiVersion } from "./api-version.ts";
import { parseStrictYaml } from "./strict-yaml.ts";

/** What may stand in a place of a configuration file. */
export type ConfigShape =
  | "string"
  | "boolean"
  | "integer"
  | "number"
  | "any"
  | { list: ConfigShape }
  | { map: ConfigShape }
  | { fields: Record<string, ConfigShape> };

export interface ConfigKind {
  group: string;
  versions: readonly string[];
  kind: string;
  fields: Record<string, ConfigShape>;
}

/** Reads what stands inside of a configuration, such as the arguments of a plugin. Throws as `readComponentConfig` does. */
export function readConfigFields(
  value: Record<string, unknown>,
  fields: Record<string, ConfigShape>,
): { value: Record<string, unknown>; strictProblems: string[] } {
  const strictProblems: string[] = [];
  return { value: fieldsOf(value, fields, "", strictProblems), strictProblems };
}

export interface ComponentConfig<T> {
  value: T;
  version: string;
  /** `unknown field "rules[0].levle"`, and keys that stand twice. */
  strictProblems: string[];
}

/**
 * Reads a versioned configuration file in YAML or JSON, as upstream's component configurations are. Fields that are null
 * are absent. Throws InvalidArgument where it is of another kind, or a field of another type.
 */
export function readComponentConfig<T>(text: string, of: ConfigKind): ComponentConfig<T> {
  const strictProblems: string[] = [];
  const parsed = parse(text, strictProblems);
  if (!isObject(parsed))
    throw invalidArgument("couldn't get version/kind; json parse error: it is not an object");
  const { apiVersion, kind, ...fields } = parsed;
  const version = versionOf(apiVersion, kind, of);
  const value = fieldsOf(fields, of.fields, "", strictProblems);
  return { value: value as T, version, strictProblems };
}

function parse(text: string, problems: string[]): unknown {
  const bytes = Buffer.from(text);
  try {
    return parseStrictYaml(bytes);
  } catch (error) {
    // Two equal keys, perhaps: then the last one counts.
    const value = parseStrictYaml(bytes, { duplicates: "last" });
    problems.push(errorMessage(error));
    return value;
  }
}

function versionOf(apiVersion: unknown, kind: unknown, of: ConfigKind): string {
  if (typeof kind !== "string" || kind === "") throw invalidArgument("Object 'Kind' is missing");
  if (typeof apiVersion !== "string" || apiVersion === "")
    throw invalidArgument("Object 'apiVersion' is missing");
  const { group, version } = parseApiVersion(apiVersion);
  if (group === of.group && kind === of.kind && of.versions.includes(version)) return version;
  throw invalidArgument(
    `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`,
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function fieldsOf(
  value: Record<string, unknown>,
  fields: Record<string, ConfigShape>,
  path: string,
  problems: string[],
): Record<string, unknown> {
  const read: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const at = path === "" ? name : `${path}.${name}`;
    const shape = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (!shape) problems.push(`unknown field ${JSON.stringify(at)}`);
    else if (member !== null) read[name] = readAs(member, shape, at, problems);
  }
  return read;
}

function readAs(value: unknown, shape: ConfigShape, path: string, problems: string[]): unknown {
  if (shape === "any") return value;
  if (typeof shape === "string") return scalarOf(value, shape, path);
  if ("list" in shape) {
    if (!Array.isArray(value)) throw mismatch(path, value, "list");
    return value.map((item, index) => readAs(item, shape.list, `${path}[${index}]`, problems));
  }
  if (!isObject(value)) throw mismatch(path, value, "object");
  if ("fields" in shape) return fieldsOf(value, shape.fields, path, problems);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, readAs(item, shape.map, `${path}.${key}`, problems)]),
  );
}

function scalarOf(value: unknown, shape: "string" | "boolean" | "integer" | "number", path: string): unknown {
  const isRight = shape === "integer" ? Number.isSafeInteger(value) : typeof value === shape;
  if (isRight) return value;
  throw mismatch(path, value, shape);
}

function mismatch(path: string, value: unknown, expected: string) {
  const found = Array.isArray(value) ? "list" : isObject(value) ? "object" : typeof value;
  return invalidArgument(`cannot read a ${found} into the field ${path}, which is of type ${expected}`);
}
