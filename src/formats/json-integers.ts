declare global {
  interface BigInt {
    toJSON(): unknown;
  }
  interface JSON {
    /** ECMAScript's "JSON.parse source text access": a text that stringify writes as it is. */
    rawJSON(text: string): object;
  }
}

/**
 * An int64 that a number cannot hold is a bigint, and no other number is one: two equal numbers are never of both types. It is
 * written with all its digits, wherever it stands.
 */
BigInt.prototype.toJSON = function toJSON(this: bigint) {
  return JSON.rawJSON(this.toString());
};

/** So many digits in a row, where no text begins with them, are some ten times as quick to look for as the text is to parse. */
const LONG_NUMBER = /(?:^|[^\d"])\d{16}/;

type Reviver = (key: string, value: unknown) => unknown;

/** JSON.parse for what clients send and what is stored: whole numbers keep their digits as far as an int64 goes, as Go's decoder has it. */
export function parseJson(text: string, revive?: Reviver): unknown {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text, revive);
  return JSON.parse(text, (key: string, value: unknown, context?: { source?: string }) => {
    const exact = typeof value === "number" ? exactInteger(context?.source ?? "", value) : value;
    return revive ? revive(key, exact) : exact;
  });
}

const INTEGER = /^[-+]?\d+$/;

/** The whole number that `source` says, of which `value` is the nearest number; `value` where that says it all, or no int64 could. */
export function exactInteger(source: string, value: number): number | bigint {
  if (Number.isSafeInteger(value) || !INTEGER.test(source)) return value;
  const exact = BigInt(source.replace("+", ""));
  return BigInt.asIntN(64, exact) === exact ? exact : value;
}

/** A bigint only where a number would lose digits. */
export function plainInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

export function isJsonNumber(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}
