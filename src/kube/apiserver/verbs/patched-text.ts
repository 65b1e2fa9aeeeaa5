import { isJsonObject, type JsonPatchOperation } from "../../../formats/index.ts";
import {
  escapedHtml,
  findModel,
  goJson,
  goObjectText,
  goOrderedJson,
  type ModelField,
} from "../../api/index.ts";

/** What a value is: of a definition, of a field of one, or nothing known. */
type Of = string | ModelField | undefined;

/**
 * The result of a merge patch as upstream's library writes it: what the patch has looked into has its keys in order, what it
 * left alone stands as the object was encoded. `merged` shares the latter with `current`.
 */
export function mergedText(merged: unknown, current: unknown, of: Of): string {
  if (merged === current) return goOrderedJson(merged, of);
  if (!isJsonObject(merged) || !isJsonObject(current)) return goJson(merged);
  return goObjectText(merged, (member, key) => mergedText(member, current[key], memberOf(of, key)));
}

/** The same of a JSON patch: what is on the way to where it works has its keys in order. */
export function jsonPatchedText(patched: unknown, operations: readonly JsonPatchOperation[], of: Of): string {
  const paths = operations.flatMap(({ path, from }) => [path ?? "", ...(from === undefined ? [] : [from])]);
  const opened = new Set(
    paths.flatMap((path) => [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index))),
  );
  const given = new Map(operations.map(({ path, value }) => [path, value]));
  const text = (value: unknown, at: string, what: Of): string => {
    if (!opened.has(at))
      return given.get(at) === undefined ? goOrderedJson(value, what) : escapedHtml(JSON.stringify(value));
    if (Array.isArray(value))
      return `[${value.map((one, index) => text(one, `${at}/${index}`, itemOf(what))).join(",")}]`;
    if (!isJsonObject(value)) return goJson(value);
    return goObjectText(value, (member, key) =>
      text(member, `${at}/${escapedKey(key)}`, memberOf(what, key)),
    );
  };
  return text(patched, "", of);
}

const escapedKey = (key: string) => key.replaceAll("~", "~0").replaceAll("/", "~1");

function itemOf(of: Of): Of {
  return typeof of === "object" && of.code === "m" ? of.definition : undefined;
}

function memberOf(of: Of, key: string): Of {
  if (of === undefined) return undefined;
  if (typeof of === "object") return of.isMap ? itemOf(of) : memberOf(itemOf(of), key);
  return findModel(of)?.fields.get(key);
}
