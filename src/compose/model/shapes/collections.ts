import { invalidArgument } from "../../../base/index.ts";
import { isMap, pathText, sprint, type Tree, type TreeMap, type TreePath, typeName } from "../tree/index.ts";
import { OrderedMap } from "../yaml/index.ts";
import { type Codec, list, mapOf, shape } from "./codec.ts";
import { goString } from "./go-json.ts";
import { integer, text, textOrNumber } from "./scalars.ts";
import { splitWords } from "./split-words.ts";

export const texts = list(text);
/** One text or a list. */
export const textList: Codec<string[]> = {
  ...texts,
  read: (value, path) => (typeof value === "string" ? [value] : texts.read(value, path)),
};
export const textOrNumberList: Codec<string[]> = {
  ...texts,
  read: (value, path) =>
    Array.isArray(value) ? value.map((one) => sprint(one)) : [textOrNumber.read(value, path)],
};

const sorted = (value: Record<string, unknown> | undefined) => Object.keys(value ?? {}).sort();

/** Texts by name, from a map or from `key=value` entries; what has no value is empty. */
export type Mapping = Record<string, string>;

export const mapping: Codec<Mapping> = {
  read(value, path) {
    const result = Object.create(null) as Mapping;
    for (const [key, one] of keyValues(value, path, "mapping")) result[key] = one ?? "";
    return result;
  },
  json(value) {
    const keys = sorted(value);
    return keys.length
      ? `{${keys.map((key) => `${goString(key)}:${goString(value![key]!)}`).join(",")}}`
      : undefined;
  },
  yaml: (value) => (sorted(value).length ? { ...value! } : undefined),
};

/** The same, but what has no value stays without one: `null`. */
export type MappingWithEquals = Record<string, string | null>;

export const mappingWithEquals: Codec<MappingWithEquals> = {
  read(value, path) {
    const result = Object.create(null) as MappingWithEquals;
    for (const [key, one] of keyValues(value, path, "mapping")) result[key] = one;
    return result;
  },
  json(value) {
    const keys = sorted(value);
    const one = (key: string) => (value![key] === null ? "null" : goString(value![key]!));
    return keys.length ? `{${keys.map((key) => `${goString(key)}:${one(key)}`).join(",")}}` : undefined;
  },
  yaml: (value) => (sorted(value).length ? { ...value! } : undefined),
};

function* keyValues(value: Tree, path: TreePath, what: string): Generator<[string, string | null]> {
  if (isMap(value)) {
    for (const [key, one] of Object.entries(value)) yield [key, one === null ? null : sprint(one)];
  } else if (Array.isArray(value)) {
    for (const entry of value) {
      const line = sprint(entry);
      const at = line.indexOf("=");
      yield at < 0 ? [line, null] : [line.slice(0, at), line.slice(at + 1)];
    }
  } else throw invalidArgument(`${pathText(path)}: unexpected value type ${typeName(value)} for ${what}`);
}

/** What is passed on as it stands: texts by name. */
export const options: Codec<Mapping> = {
  ...mapping,
  read(value, path) {
    if (!isMap(value))
      throw invalidArgument(`${pathText(path)}: invalid type ${typeName(value)} for options`);
    return mapping.read(value, path);
  },
};

/** Options that may be given several times. */
export const multiOptions: Codec<Record<string, string[] | undefined>> = {
  ...mapOf(texts),
  read(value, path) {
    if (!isMap(value))
      throw invalidArgument(`${pathText(path)}: invalid type ${typeName(value)} for options`);
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [
        key,
        Array.isArray(one) ? one.map((entry) => sprint(entry)) : [sprint(one)],
      ]),
    );
  },
};

/** A command line as words. Nothing given is not the same as none: an empty list takes away what the image says. */
export const command: Codec<string[]> = {
  read(value, path) {
    if (typeof value === "string") return splitWords(value);
    return texts.read(value, path);
  },
  json: (value) => (value === undefined ? "null" : `[${value.map(goString).join(",")}]`),
  yaml: (value) => value,
};

/** A command, or a text for a shell. */
export const healthTest: Codec<string[]> = {
  ...texts,
  read: (value, path) => (typeof value === "string" ? ["CMD-SHELL", value] : texts.read(value, path)),
};

/** Addresses by host name, from a map or from `name=address` or `name:address`; written as a sorted list. */
export const hosts: Codec<Record<string, string[]>> = {
  read(value, path) {
    const result = Object.create(null) as Record<string, string[]>;
    const put = (host: string, addresses: string[]) => {
      if (host === "" || /[:=]/.test(host)) throw invalidArgument(`bad host name '${host}'`);
      const bare = addresses.map((address) => address.replace(/^\[(.+)\]$/, "$1"));
      result[host] = [...(result[host] ?? []), ...bare];
    };
    if (isMap(value)) {
      for (const [host, one] of Object.entries(value)) {
        put(host, Array.isArray(one) ? one.map((entry) => sprint(entry)) : [one === null ? "" : sprint(one)]);
      }
    } else if (Array.isArray(value)) {
      for (const entry of value) {
        const line = sprint(entry);
        const match = /^([^=]*)=(.*)$/s.exec(line) ?? /^([^:]*):(.*)$/s.exec(line);
        if (!match) throw invalidArgument(`invalid additional host, missing IP: ${line}`);
        put(match[1]!, match[2]!.split(","));
      }
    } else
      throw invalidArgument(`${pathText(path)}: unexpected value type ${typeName(value)} for extra_hosts`);
    return result;
  },
  json(value) {
    const lines = hostLines(value, "=");
    return lines.length ? `[${lines.map(goString).join(",")}]` : undefined;
  },
  yaml(value) {
    const lines = hostLines(value, "=");
    return lines.length ? lines : undefined;
  },
};

export function hostLines(value: Record<string, string[]> | undefined, separator: string): string[] {
  return Object.entries(value ?? {})
    .flatMap(([host, addresses]) => addresses.map((address) => `${host}${separator}${address}`))
    .sort();
}

/** A limit: one number for both, or a soft and a hard one. */
export interface Ulimit {
  single?: number;
  soft?: number;
  hard?: number;
}

const softAndHard = shape({ soft: integer, hard: integer });

export const ulimit: Codec<Ulimit> = {
  read(value, path) {
    if (!isMap(value)) return { single: integer.read(value, path) };
    const { soft, hard } = softAndHard.read(value, path);
    return { soft: soft ?? 0, hard: hard ?? 0 };
  },
  json: (value) => (value?.single ? String(value.single) : softAndHard.json(value)),
  yaml(value) {
    if (value === undefined) return undefined;
    if (value.single) return value.single;
    return new OrderedMap([
      ["soft", value.soft ?? 0],
      ["hard", value.hard ?? 0],
    ]);
  },
};

/** A tree as it stands. */
export const anything: Codec<TreeMap> = {
  read: (value) => value as TreeMap,
  json: () => undefined,
  yaml: (value) => value,
};
