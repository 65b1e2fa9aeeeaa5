import { Buffer } from "node:buffer";
import type { LabelSelectorObject } from "../../../formats/index.ts";
import { parseQuantityParts } from "../go-value.ts";
import { MISSING } from "./compare-values.ts";
import { type FormatOptions, maxParts, verbosityOf, withType } from "./format-options.ts";
import { type GoType, isZero } from "./go-type.ts";
import { labelSelectorText } from "./label-selector-text.ts";
import { objectMetaText } from "./object-meta-text.ts";
import { appendEllipsis, ELLIPSIS, lineOf, NIL, record, type TextList, type TextNode } from "./text-node.ts";

/** A value by itself (go-cmp's FormatValue); nothing of one that is missing. */
export function formatValue(options: FormatOptions, type: GoType, value: unknown): TextNode | undefined {
  if (value === MISSING) return undefined;
  const own = options.avoidsOwnText ? undefined : ownText(type, value);
  if (own !== undefined) return `s${formatString(options, own)}`;
  if (type.kind === "pointer") {
    const text = value === undefined || value === null ? NIL : formatValue(options, type.to, value)!;
    return text === NIL ? NIL : { prefix: "&", value: text, suffix: "" };
  }
  return withType(options, type, formatParts(options, type, value));
}

/** What fmt.Stringer gives: of the types here, names of resources and pointers to selectors and quantities have it. */
function ownText(type: GoType, value: unknown): string | undefined {
  if (type.kind === "string" && type.isStringer) return (value as string | undefined) ?? "";
  if (value === undefined || value === null) return undefined;
  // Of an embedded struct the text is that of the whole.
  if (type.name === "*core.PersistentVolumeClaimTemplate")
    return objectMetaText((value as { metadata?: object }).metadata);
  if (type.name === "*v1.LabelSelector") return labelSelectorText(value as LabelSelectorObject);
  return type.name === "*resource.Quantity" ? String(value) : undefined;
}

function formatParts(options: FormatOptions, type: GoType, value: unknown): TextNode {
  switch (type.kind) {
    case "struct": {
      const fields = type.fields().filter((field) => !isZero(field.type, field.of(value)));
      return inBraces(options, fields, (inner, field) =>
        record(field.name, formatValue({ ...inner, types: "ofParts" }, field.type, field.of(value))!),
      );
    }
    case "slice":
      if (value === undefined || value === null) return NIL;
      return inBraces(options, value as unknown[], (inner, item) =>
        record("", formatValue({ ...inner, types: "never" }, type.of, item)!),
      );
    case "map":
      if (value === undefined || value === null) return NIL;
      return inBraces(
        options,
        Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)),
        (inner, [key, item]) =>
          record(mapKey(type.key, key), formatValue({ ...inner, types: "never" }, type.of, item)!),
      );
    case "quantity":
      return formatQuantityParts(options, value);
    case "string":
      return formatString(options, (value as string | undefined) ?? "");
    case "int":
      return String(value ?? 0);
    default:
      return String(value ?? false);
  }
}

function inBraces<T>(
  options: FormatOptions,
  parts: readonly T[],
  format: (inner: FormatOptions, part: T) => TextList[number],
): TextNode {
  const limit = maxParts(options);
  const inner = options.isLimited ? { ...options, verbosity: options.verbosity - 1 } : options;
  const list: TextList = parts.slice(0, limit).map((part) => format(inner, part));
  if (parts.length > limit) appendEllipsis(list);
  return { prefix: "{", value: list, suffix: "}" };
}

/** A Quantity does not print itself, a pointer to one would: it is told by its unexported fields. */
function formatQuantityParts(options: FormatOptions, value: unknown): TextNode {
  const text = value as string | undefined;
  if (text === undefined) return { prefix: "{", value: [], suffix: "}" };
  const { value: amount, scale, format } = parseQuantityParts(text);
  const fields: [string, (inner: FormatOptions) => TextNode][] = [];
  if (amount !== "0" || scale !== 0) fields.push(["i", (inner) => amountText(inner, amount, scale)]);
  fields.push(
    ["s", (inner) => formatString(inner, text)],
    ["Format", (inner) => formatString(inner, format)],
  );
  return inBraces(options, fields, (inner, [name, print]) =>
    record(name, print({ ...inner, types: "ofParts" })),
  );
}

const AMOUNT: GoType = { kind: "struct", name: "resource.int64Amount", fields: () => [] };

function amountText(options: FormatOptions, amount: string, scale: number): TextNode {
  const fields = [
    ...(amount === "0" ? [] : [["value", amount]]),
    ...(scale === 0 ? [] : [["scale", String(scale)]]),
  ];
  return withType(
    options,
    AMOUNT,
    inBraces(options, fields, (_, [name, text]) => record(name!, text!)),
  );
}

const KEY_OPTIONS: FormatOptions = {
  mode: "same",
  types: "never",
  verbosity: 6,
  isLimited: true,
  avoidsOwnText: false,
};

export function mapKey(type: GoType, key: string): string {
  return lineOf(formatValue(KEY_OPTIONS, type, key)!);
}

/** A quoted text, cut where it is long. */
function formatString(options: FormatOptions, text: string): string {
  const limit = options.isLimited ? (1 << verbosityOf(options)) << 5 : Number.POSITIVE_INFINITY;
  const bytes = Buffer.from(text);
  if (bytes.length <= limit + ELLIPSIS.length) return quoted(text);
  return quoted(bytes.subarray(0, limit).toString()) + ELLIPSIS;
}

const UNPRINTABLE = /[^\P{C}\t]|[\p{Zl}\p{Zp}`]/u;

/** In double quotes, or where that needs escapes in back quotes. */
export function quoted(text: string): string {
  const double = JSON.stringify(text);
  if (double.length === text.length + 2 || UNPRINTABLE.test(text)) return double;
  return `\`${text}\``;
}
