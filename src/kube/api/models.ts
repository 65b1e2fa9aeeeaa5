import { readFileSync } from "node:fs";
import { GantryError } from "../../base/index.ts";
import { MERGE_TABLE } from "./merge-table.ts";
import { PRESENCE_TABLE } from "./presence-table.ts";

export type ListType = "atomic" | "set" | "map";

/** When Go's encoder writes a field: always, if it was given (a pointer), or unless it is empty (`omitempty`). */
export type Presence = "always" | "given" | "nonempty";

/** One field of a definition, as the OpenAPI document describes it. */
export interface ModelField {
  name: string;
  /**
   * `s` string, `b` boolean, `i` int32, `l` int64, `d` double, `y` base64 bytes, `q` Quantity, `t` Time, `u` MicroTime,
   * `n` Duration, `x` IntOrString, `r` and `f` any JSON, `*s` a list of strings (as value of a map), `A`, `B` and `S` a
   * schema or a list of schemas, a boolean, a list of strings, `m` an object of `definition`.
   */
  code: string;
  /** Definition name where code is `m`. */
  definition: string;
  isList: boolean;
  isMap: boolean;
  required: boolean;
  presence: Presence;
  /** A pointer that is always written: null where it was not given. */
  isNullable?: boolean;
  listType?: ListType;
  listMapKeys?: readonly string[];
  mapType?: "atomic" | "granular";
  /** A strategic merge patch merges the list: by this key, or as a set of scalars when it is empty. */
  patchMergeKey?: string;
  retainKeys?: boolean;
  /** A strategic merge patch puts its object in the place of the one that is there. */
  isReplaced?: boolean;
}

export interface Model {
  /** `io.k8s.api.core.v1.Pod` */
  name: string;
  fields: ReadonlyMap<string, ModelField>;
  /** Those that are written even when they were not given. */
  always: readonly ModelField[];
  isAtomic: boolean;
}

const models = new Map<string, Model>();
let texts: Record<string, string> | undefined;
let mergeTexts: Map<string, string> | undefined;
let presenceTexts: Map<string, string> | undefined;
let descriptions: Record<string, Record<string, string>> | undefined;
let parameters: Record<string, string> | undefined;

/** Written by the build step; beside this file in the source tree and beside the bundle in `dist`. */
function readGenerated<T>(file: string): T {
  const url = new URL(`./generated/${file}`, import.meta.url);
  try {
    return JSON.parse(readFileSync(url, "utf8")) as T;
  } catch (cause) {
    throw new GantryError("Internal", `the model tables are missing: ${url.pathname}`, {
      code: "Models.Missing",
      hint: "run: node scripts/generate-models.mjs",
      cause,
    });
  }
}

function allTexts(): Record<string, string> {
  texts ??= readGenerated<Record<string, string>>("models.json");
  return texts;
}

/** Names of all definitions that the tables hold. */
export function modelNames(): string[] {
  return Object.keys(allTexts());
}

export function findModel(name: string): Model | undefined {
  const known = models.get(name);
  if (known !== undefined) return known;
  const text = allTexts()[name];
  if (text === undefined) return undefined;
  const model = parseModel(name, text);
  models.set(name, model);
  return model;
}

/** The definition with this name; asking for one that is not there is a mistake in the program. */
export function modelOf(name: string): Model {
  const model = findModel(name);
  if (model === undefined)
    throw new GantryError("Internal", `no model is known for ${name}`, { code: "Models.Unknown" });
  return model;
}

function parseModel(name: string, text: string): Model {
  mergeTexts ??= splitTable(MERGE_TABLE);
  presenceTexts ??= splitTable(PRESENCE_TABLE);
  const marks = marksOf(mergeTexts.get(name));
  const presences = marksOf(presenceTexts.get(name));
  const fields = text
    .split(" ")
    .filter(Boolean)
    .map((token) => parseField(token, marks, presences));
  return {
    name,
    fields: new Map(fields.map((field) => [field.name, field])),
    always: fields.filter((field) => field.presence === "always"),
    isAtomic: marks.get(".") === "a",
  };
}

/** Field -> its mark, from one line of a table. */
function marksOf(line = ""): ReadonlyMap<string, string> {
  return new Map(
    line.split(" ").map((token) => {
      const equals = token.indexOf("=");
      return [token.slice(0, equals), token.slice(equals + 1)];
    }),
  );
}

function splitTable(table: string): Map<string, string> {
  const out = new Map<string, string>();
  let pkg = "";
  for (const line of table.split("\n")) {
    const space = line.indexOf(" ");
    if (line.startsWith("# ")) pkg = line[2] === "/" ? line.slice(3) : `io.k8s.api.${line.slice(2)}`;
    else if (space > 0) out.set(`${pkg}.${line.slice(0, space)}`, line.slice(space + 1));
  }
  return out;
}

function parseField(
  token: string,
  marks: ReadonlyMap<string, string>,
  presences: ReadonlyMap<string, string>,
): ModelField {
  const [, name, required, type = "s"] = /^([^!:]+)(!)?(?::(.+))?$/.exec(token)!;
  const isList = type.startsWith("*");
  const isMap = type.startsWith("{}");
  const base = type.replace(/^(\*|\{\})/, "");
  const isScalar = base.length === 1 || base.startsWith("*");
  const field = {
    name: name!,
    code: isScalar ? base : "m",
    definition: isScalar ? "" : base,
    isList,
    isMap,
    required: required === "!",
    ...parseMarks(marks.get(name!)),
  };
  const mark = presences.get(name!) ?? "";
  const presence = PRESENCES[mark] ?? usualPresence(field);
  return { ...field, presence, ...(mark === "n" ? { isNullable: true } : {}) };
}

const PRESENCES: Record<string, Presence> = { a: "always", n: "always", p: "given", o: "nonempty" };
/** Structs of Go: `omitempty` has no effect on them. */
const STRUCT_CODES = new Set(["m", "t", "u", "q", "x", "n", "r", "f", "A", "B", "S"]);

function usualPresence({ name, code, isList, isMap, required }: Omit<ModelField, "presence">): Presence {
  if (required || name === "metadata") return "always";
  return STRUCT_CODES.has(code) && !isList && !isMap ? "given" : "nonempty";
}

const MARKS = /^(a|s|A|g|m\(([^)]*)\))?(?:\+([^&!]*))?(&)?(!)?$/;

function parseMarks(text: string | undefined): Partial<ModelField> {
  const match = text === undefined ? null : MARKS.exec(text);
  if (match === null) return {};
  const [, structure, keys, mergeKey, retain, replace] = match;
  const out: Partial<ModelField> = {};
  if (keys !== undefined) {
    out.listType = "map";
    out.listMapKeys = keys.split(",");
  } else if (structure === "s") out.listType = "set";
  else if (structure === "a") out.listType = "atomic";
  else if (structure === "A") out.mapType = "atomic";
  else if (structure === "g") out.mapType = "granular";
  if (mergeKey !== undefined) out.patchMergeKey = mergeKey;
  if (retain !== undefined) out.retainKeys = true;
  if (replace !== undefined) out.isReplaced = true;
  return out;
}

/** The doc comment of a definition, or of one of its fields; read from disk at first use. */
export function describeModel(name: string, field = ""): string | undefined {
  descriptions ??= readGenerated<Record<string, Record<string, string>>>("descriptions.json");
  return descriptions[name]?.[field];
}

/** What a parameter of all resources' queries means, in upstream's words. */
export function parameterDescription(name: string): string {
  parameters ??= readGenerated<Record<string, string>>("parameters.json");
  return parameters[name] ?? "";
}
