import { invalidArgument } from "../../../base/index.ts";
import { isMap, newMap, pathText, type Tree, type TreeMap, type TreePath } from "../tree/index.ts";
import { OrderedMap, type YamlOut } from "../yaml/index.ts";
import { goString } from "./go-json.ts";

/**
 * How a place of the model is read from a tree, and written as the plugin writes it: as JSON, over which its hash of a service
 * goes, and as YAML. `undefined` from a writer leaves the field out (Go's `omitempty`).
 */
export interface Codec<T> {
  read(value: Tree, path: TreePath): T;
  json(value: T | undefined): string | undefined;
  yaml(value: T | undefined): YamlOut | undefined;
}

/** What stands in a place of a shape. */
export type ValueOf<C> = C extends Codec<infer T> ? T : never;
export type FieldCodecs = Readonly<Record<string, Codec<unknown>>>;
/** Fields that were not given are undefined; extensions (`x-…`) are kept as they stand. */
export type Shaped<F extends FieldCodecs> = { [K in keyof F]?: ValueOf<F[K]> } & { extensions?: TreeMap };

export interface ShapeOptions {
  /** Written even where nothing was given: a struct by value in Go. */
  always?: boolean;
  /** Fields whose name in JSON is another. */
  jsonNames?: Readonly<Record<string, string>>;
}

/** A map of known fields, written in their order here. */
export function shape<F extends FieldCodecs>(fields: F, options: ShapeOptions = {}): Codec<Shaped<F>> {
  const names = Object.keys(fields);
  return {
    read(value, path) {
      if (!isMap(value)) throw invalidArgument(`${pathText(path)} must be a mapping`);
      const result: Record<string, unknown> = {};
      const extensions = newMap();
      for (const [key, entry] of Object.entries(value)) {
        if (key.startsWith("x-")) extensions[key] = entry;
        else if (Object.hasOwn(fields, key) && entry !== null)
          result[key] = fields[key]!.read(entry, [...path, key]);
      }
      if (Object.keys(extensions).length > 0) result.extensions = extensions;
      return result as Shaped<F>;
    },
    json(value) {
      if (value === undefined && !options.always) return undefined;
      const given = (value ?? {}) as Record<string, unknown>;
      const parts: string[] = [];
      for (const name of names) {
        const text = fields[name]!.json(given[name]);
        if (text !== undefined) parts.push(`${goString(options.jsonNames?.[name] ?? name)}:${text}`);
      }
      return `{${parts.join(",")}}`;
    },
    yaml(value) {
      if (value === undefined) return undefined;
      const given = value as Record<string, unknown>;
      const entries: [string, YamlOut][] = [];
      for (const name of names) {
        const written = fields[name]!.yaml(given[name]);
        if (written !== undefined) entries.push([name, written]);
      }
      const extensions = value.extensions ?? {};
      for (const key of Object.keys(extensions).sort()) entries.push([key, extensions[key]!]);
      if (options.always && entries.length === 0) return undefined;
      return new OrderedMap(entries);
    },
  };
}

/** A list; an empty one is left out. */
export function list<T>(of: Codec<T>): Codec<T[]> {
  return {
    read(value, path) {
      if (!Array.isArray(value)) throw invalidArgument(`${pathText(path)} must be a array`);
      return value.map((entry, index) => of.read(entry, [...path, String(index)]));
    },
    json: (value) =>
      value?.length ? `[${value.map((one) => of.json(one) ?? "null").join(",")}]` : undefined,
    yaml: (value) => (value?.length ? value.map((one) => of.yaml(one) ?? null) : undefined),
  };
}

/** Values by name; an empty map is left out. A name may stand without a value. */
export function mapOf<T>(of: Codec<T>): Codec<Record<string, T | undefined>> {
  return {
    read(value, path) {
      if (!isMap(value)) throw invalidArgument(`${pathText(path)} must be a mapping`);
      const result = Object.create(null) as Record<string, T | undefined>;
      for (const [key, entry] of Object.entries(value)) {
        result[key] = entry === null ? undefined : of.read(entry, [...path, key]);
      }
      return result;
    },
    json(value) {
      const keys = Object.keys(value ?? {}).sort();
      if (keys.length === 0) return undefined;
      return `{${keys.map((key) => `${goString(key)}:${of.json(value![key]) ?? "null"}`).join(",")}}`;
    },
    yaml(value) {
      const keys = Object.keys(value ?? {});
      if (keys.length === 0) return undefined;
      return Object.fromEntries(keys.map((key) => [key, of.yaml(value![key]) ?? null]));
    },
  };
}

/** The same codec, but a value that is given is written even where it is empty (a pointer in Go). */
export function given<T>(codec: Codec<T>, text: (value: T) => string, yaml: (value: T) => YamlOut): Codec<T> {
  return {
    read: codec.read,
    json: (value) => (value === undefined ? undefined : text(value)),
    yaml: (value) => (value === undefined ? undefined : yaml(value)),
  };
}
