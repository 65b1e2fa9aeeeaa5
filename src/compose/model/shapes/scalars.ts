import { invalidArgument } from "../../../base/index.ts";
import { toBoolean, toInteger } from "../interpolate/index.ts";
import { pathText, sprint, type Tree, type TreePath, typeName } from "../tree/index.ts";
import { cannotRead } from "./cannot-read.ts";
import { type Codec, given } from "./codec.ts";
import { formatDuration, parseDuration } from "./duration.ts";
import { goFloat32, goString } from "./go-json.ts";
import { parseBytes } from "./size.ts";

const wrong = (path: TreePath, value: Tree, wanted: string) =>
  cannotRead(
    path,
    `expected type '${wanted}', got unconvertible type '${typeName(value)}', value: '${sprint(value)}'`,
  );

/** Names the place in what its reader throws. */
function at<T>(path: TreePath, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw cannotRead(path, error instanceof Error ? error.message : String(error));
  }
}

export const text: Codec<string> = {
  read(value, path) {
    if (typeof value === "string") return value;
    if (typeof value === "number" && Number.isInteger(value)) return String(value);
    throw wrong(path, value, "string");
  },
  json: (value) => (value ? goString(value) : undefined),
  yaml: (value) => value || undefined,
};

/** A text or a number as text. */
export const textOrNumber: Codec<string> = { ...text, read: (value) => sprint(value) };

export const bool: Codec<boolean> = {
  read(value, path) {
    if (typeof value === "boolean") return value;
    if (typeof value === "string") return at(path, () => toBoolean(value));
    throw wrong(path, value, "bool");
  },
  json: (value) => (value ? "true" : undefined),
  yaml: (value) => value || undefined,
};
export const givenBool = given(bool, String, (value) => value);
/** Written even where it was not given. */
export const alwaysBool: Codec<boolean> = {
  read: bool.read,
  json: (value) => String(value ?? false),
  yaml: (value) => value ?? false,
};

export const integer: Codec<number> = {
  read(value, path) {
    if (typeof value === "number") return Math.trunc(value);
    if (typeof value === "string") return at(path, () => toInteger(value));
    throw wrong(path, value, "int");
  },
  json: (value) => (value ? String(value) : undefined),
  yaml: (value) => value || undefined,
};
export const givenInteger = given(integer, String, (value) => value);

/** A 32-bit float. */
export const fraction: Codec<number> = {
  read(value, path) {
    const number = typeof value === "string" ? Number(value) : value;
    if (typeof number !== "number" || Number.isNaN(number)) throw wrong(path, value, "float32");
    return Math.fround(number);
  },
  json: (value) => (value ? goFloat32(value) : undefined),
  yaml: (value) => (value ? Number(goFloat32(value)) : undefined),
};

/** `64m`: bytes. */
export const bytes: Codec<number> = {
  read(value, path) {
    if (typeof value === "number") return Math.trunc(value);
    if (typeof value === "string") return at(path, () => parseBytes(value));
    throw wrong(path, value, "types.UnitBytes");
  },
  json: (value) => (value ? `"${value}"` : undefined),
  yaml: (value) => (value ? String(value) : undefined),
};

/** `1m30s`: nanoseconds. */
export const duration: Codec<number> = {
  read: (value, path) => at(path, () => parseDuration(sprint(value))),
  json: (value) => (value ? goString(formatDuration(value)) : undefined),
  yaml: (value) => (value ? formatDuration(value) : undefined),
};
export const givenDuration = given(duration, (value) => goString(formatDuration(value)), formatDuration);

/** `all`, which is -1, or a number. */
export const deviceCount: Codec<number> = {
  ...integer,
  read(value, path) {
    if (typeof value === "string" && value.toLowerCase() === "all") return -1;
    if (typeof value === "string" && !/^[-+]?\d+$/.test(value)) {
      throw invalidArgument(
        `${pathText(path)}: invalid value ${JSON.stringify(value)}, the only value allowed is 'all' or a number`,
      );
    }
    return integer.read(value, path);
  },
};

/** `0440`, as a text in octal or a number. */
const octal = (value: number) => `0${value.toString(8)}`;
export const fileMode: Codec<number> = {
  read(value, path) {
    if (typeof value === "number") return Math.trunc(value);
    if (typeof value === "string" && /^[0-7]+$/.test(value)) return Number.parseInt(value, 8);
    throw wrong(path, value, "types.FileMode");
  },
  json: (value) => (value === undefined ? undefined : `"${octal(value)}"`),
  yaml: (value) => (value === undefined ? undefined : octal(value)),
};
