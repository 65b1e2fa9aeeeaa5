const INTEGER = /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const INFINITE = /^[-+]?\.(?:inf|Inf|INF)$/;

/** The value of an unquoted scalar as compose's YAML reads it (YAML 1.2 with octal numbers of 1.1: go-yaml v3, resolve.go). */
export function resolvePlain(text: string): string | number | boolean | null {
  if (text === "" || text === "~" || text === "null" || text === "Null" || text === "NULL") return null;
  if (text === "true" || text === "True" || text === "TRUE") return true;
  if (text === "false" || text === "False" || text === "FALSE") return false;
  if (INFINITE.test(text)) return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (text === ".nan" || text === ".NaN" || text === ".NAN") return Number.NaN;
  if (!/^[-+.0-9]/.test(text)) return text;
  const plain = text.replaceAll("_", "");
  if (INTEGER.test(plain)) return integer(plain) ?? text;
  // `08` is no octal number, and so a fraction.
  return FLOAT.test(plain) ? Number(plain) : text;
}

function integer(text: string): number | undefined {
  const negative = text.startsWith("-");
  const digits = text.replace(/^[-+]/, "");
  const value = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  // What a number here cannot hold exactly stays the text that it is; all places that take so great a number take its text.
  return Number.isSafeInteger(value) ? (negative ? -value : value) : undefined;
}

const OLD_BOOLEAN = /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/;
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const TIMESTAMP =
  /^\d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt]|\s+)\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|\s*[-+]\d{1,2}(?::?\d{2})?)?)?$/;

/** Whether a text, written without quotes, would be read as something else by a reader of YAML 1.1 or 1.2. */
export function needsQuotes(text: string): boolean {
  return (
    typeof resolvePlain(text) !== "string" ||
    /^[-+]?[0-9_]+$/.test(text) ||
    text === "<<" ||
    OLD_BOOLEAN.test(text) ||
    BASE_60.test(text) ||
    TIMESTAMP.test(text)
  );
}
