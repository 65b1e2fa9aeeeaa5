import { KnownTexts } from "../../../base/index.ts";
import { compareUtf8, isJsonNumber, parseJson } from "../../../formats/index.ts";
import { goFloat, goJson } from "../go-print.ts";
import { compareValues } from "./value-order.ts";

/**
 * One step of a field path, in the form in which FieldsV1 names it: `f:spec` a field, `k:{"name":"x"}` the list item with
 * these keys, `v:"x"` the item of a set, `i:0` an item by its index. Two steps are equal where their texts are: numbers
 * and keys are always written in one way.
 */
export type PathElement = string;
export type Path = readonly PathElement[];

/** The scalar that a list item is known by. */
export type ElementValue = unknown;
type KeyFields = [name: string, value: ElementValue][];

const FIELD = "f:";

/** What stands in the paths of a cluster's objects is little; the keys of one large request have room as well. */
const KNOWN = { maxTexts: 10_000, maxCharacters: 4 * 2 ** 20 };
/** What is put together anew each time cannot be compared or looked up at once. */
const fieldElements = new KnownTexts<PathElement>(KNOWN);

export const fieldElement = (name: string): PathElement =>
  fieldElements.get(name) ?? fieldElements.keep(name, FIELD + name);
export const valueElement = (value: ElementValue): PathElement => `v:${goJson(value)}`;
export const isField = (element: PathElement): boolean => element.startsWith(FIELD);
export const isKey = (element: PathElement): boolean => element.startsWith("k:");
/** Name of the field that an element of the kind `f:` selects. */
export const fieldName = (element: PathElement): string => element.slice(2);

export function keyElement(fields: KeyFields): PathElement {
  const sorted = fields.length < 2 ? fields : [...fields].sort(([a], [b]) => compareUtf8(a, b));
  let text = "";
  for (const [name, value] of sorted) text += `${text === "" ? "" : ","}${quoted(name)}:${goJson(value)}`;
  return `k:{${text}}`;
}

const quotedNames = new KnownTexts<string>(KNOWN);
const quoted = (name: string): string =>
  quotedNames.get(name) ?? quotedNames.keep(name, JSON.stringify(name));

/** What a keyed item has in one of its key fields. */
export function keyValue(element: PathElement, name: string): ElementValue {
  return keyFields(element).find(([one]) => one === name)?.[1];
}

/** `.spec`, `[name="x",protocol="TCP"]`, `[="x"]`, `[0]`; a path is its elements one after the other. */
export function printElement(element: PathElement): string {
  if (isField(element)) return `.${fieldName(element)}`;
  if (element.startsWith("i:")) return `[${element.slice(2)}]`;
  if (!isKey(element)) return `[=${printValue(parsedValue(element))}]`;
  return `[${keyFields(element)
    .map(([name, value]) => `${name}=${printValue(value)}`)
    .join(",")}]`;
}

export const printPath = (path: Path): string => path.map(printElement).join("");

function printValue(value: ElementValue): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (isJsonNumber(value)) return goFloat(Number(value));
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(printValue).join(",")}]`;
  return Object.entries(value)
    .map(([key, one]) => `${key}=${printValue(one)}`)
    .join("");
}

const RANKS = "fkvi";

/** The order in which FieldsV1 lists its members: fields, keyed items, values, indices; each kind in its own order. */
export function compareElements(a: PathElement, b: PathElement): number {
  if (a === b) return 0;
  if (a[0] !== b[0]) return RANKS.indexOf(a[0]!) - RANKS.indexOf(b[0]!);
  if (isField(a)) return compareUtf8(a, b);
  if (isKey(a)) return compareKeys(keyFields(a), keyFields(b));
  return compareValues(parsedValue(a), parsedValue(b));
}

function compareKeys(a: KeyFields, b: KeyFields): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const order = compareUtf8(a[at]![0], b[at]![0]) || compareValues(a[at]![1], b[at]![1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** The few keys and values that a cluster's lists use are read over and over. */
const parsedTexts = new KnownTexts<unknown>(KNOWN);

const parsedValue = (element: PathElement): unknown =>
  parsedTexts.get(element) ?? parsedTexts.keep(element, parseJson(element.slice(2)));

const keyFields = (element: PathElement): KeyFields => Object.entries(parsedValue(element) as object);

/**
 * Reads an element as a client wrote it. Undefined for a kind that is not known, which is to be passed over; throws an
 * Error with upstream's words for what is no element.
 */
export function readElement(text: string): PathElement | undefined {
  if (isField(text)) return text;
  if (text.length < 2) throw new Error("key must be 2 characters long:");
  if (text[1] !== ":") throw new Error(`missing colon: ${text}`);
  switch (text[0]) {
    case "k":
      return keyElement(Object.entries(readKeys(text.slice(2))));
    case "v":
      return valueElement(parseJson(text.slice(2)));
    case "i":
      return `i:${readIndex(text.slice(2))}`;
    default:
      return undefined;
  }
}

function readKeys(text: string): object {
  const keys: unknown = parseJson(text);
  if (typeof keys === "object" && keys !== null && !Array.isArray(keys)) return keys;
  throw new Error(`expect { or n after object key, but found ${text}`);
}

function readIndex(text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw new Error(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
}
