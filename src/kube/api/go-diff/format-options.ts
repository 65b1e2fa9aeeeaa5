import type { GoType } from "./go-type.ts";
import type { DiffMode, TextNode } from "./text-node.ts";

/** Whether a value's type is told: always, never, or of what has parts (go-cmp's typeMode). */
export type TypeMode = "always" | "never" | "ofParts";

/** How much of a value is told (go-cmp's formatOptions). */
export interface FormatOptions {
  mode: DiffMode;
  types: TypeMode;
  /** Halves what is told with each level down; below 0 it counts as 0. */
  verbosity: number;
  /** Absent in the beginning: everything is told. */
  isLimited: boolean;
  /** Values that print themselves are yet told by their parts. */
  avoidsOwnText: boolean;
}

const MAX_VERBOSITY = 16;

export const verbosityOf = ({ verbosity }: FormatOptions) => Math.min(Math.max(verbosity, 0), MAX_VERBOSITY);

export const withVerbosity = (options: FormatOptions, verbosity: number): FormatOptions => ({
  ...options,
  verbosity,
  isLimited: true,
});

/** Of the parts of a value that is told as a whole so many are told: 0, 4, 8, 16, … */
export const maxParts = (options: FormatOptions) =>
  options.isLimited ? ((1 << verbosityOf(options)) >> 1) << 2 : Number.POSITIVE_INFINITY;

export const HIGHEST_PRESET = 6;

/** More is told where two values that differ would read the same. */
export function withPreset(options: FormatOptions, preset: number): FormatOptions {
  return {
    ...options,
    verbosity: verbosityOf(options) + 2 * preset,
    avoidsOwnText: options.avoidsOwnText || preset > 0,
  };
}

const HAS_PARTS = new Set<GoType["kind"]>(["struct", "quantity", "slice", "map"]);

/** The text with the type in front of it, where types are told. */
export function withType(options: FormatOptions, type: GoType, text: TextNode): TextNode {
  if (options.types === "never") return text;
  if (options.types === "ofParts") {
    if (!HAS_PARTS.has(type.kind) || text === "nil" || options.mode === "same") return text;
  }
  const name = type.kind === "pointer" ? `(${type.name})` : type.name;
  return { prefix: name, value: inBrackets(text), suffix: "" };
}

function inBrackets(text: TextNode): TextNode {
  const isWrapped =
    typeof text === "object" &&
    !Array.isArray(text) &&
    /^[({]/.test(text.prefix) &&
    /[)}]$/.test(text.suffix);
  return isWrapped ? text : { prefix: "(", value: text, suffix: ")" };
}
