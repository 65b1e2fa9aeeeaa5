import { Buffer } from "node:buffer";
import { CORE_SCHEMA, load, YAMLException } from "js-yaml";
import { errorMessage, GantryError } from "../../base/index.ts";
import { yamlDuplicateKeys } from "./yaml-duplicate-keys.ts";
import { keepingIntegers } from "./yaml-integers.ts";

/** Manifests use few aliases, if any; bombs use many, or few that double. */
const MAX_ALIASES = 1000;
const MAX_NODES = 1_000_000;
const MAX_DEPTH = 128;

const SCHEMA = keepingIntegers(CORE_SCHEMA);

/** Parses one YAML document into plain JSON values; of two equal keys the last one counts, where they are not refused. Throws InvalidArgument. */
export function parseStrictYaml(
  bytes: Uint8Array,
  { duplicates = "refused" }: { duplicates?: "refused" | "last" } = {},
): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  let value: unknown;
  try {
    value = load(text, { schema: SCHEMA, maxAliases: MAX_ALIASES, json: duplicates === "last" });
  } catch (error) {
    throw refuse(goyamlMessage(text, error), error);
  }
  const budget = { nodes: MAX_NODES };
  return plain(value, budget, 0);
}

function goyamlMessage(text: string, error: unknown): string {
  const isDuplicate = error instanceof YAMLException && error.reason === "duplicated mapping key";
  const told = isDuplicate ? yamlDuplicateKeys(text) : [];
  return told.length > 0 ? ["unmarshal errors:", ...told].join("\n  ") : errorMessage(error);
}

function refuse(message: string, cause?: unknown): GantryError {
  return new GantryError("InvalidArgument", `error converting YAML to JSON: yaml: ${message}`, {
    code: "Yaml.Invalid",
    cause,
  });
}

/** Copies the value: shared nodes become separate ones, which is what an alias bomb would explode into. */
function plain(value: unknown, budget: { nodes: number }, depth: number): unknown {
  if (--budget.nodes < 0 || depth > MAX_DEPTH) throw refuse("document contains excessive aliasing");
  if (typeof value === "number" && !Number.isFinite(value)) throw refuse("a number is not finite");
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => plain(item, budget, depth + 1));
  const out = {};
  for (const key of Object.keys(value)) {
    const child = plain((value as Record<string, unknown>)[key], budget, depth + 1);
    Object.defineProperty(out, key, { value: child, enumerable: true, configurable: true, writable: true });
  }
  return out;
}
