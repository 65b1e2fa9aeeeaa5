import {
  Alias,
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  Scalar,
  type YAMLMap,
} from "yaml";
import { invalidArgument } from "../../../base/index.ts";
import { newMap, pathText, sprint, type Tree, type TreeMap, type TreePath } from "../tree/index.ts";
import { resolvePlain } from "./plain-scalar.ts";

/** One document of a file. */
export interface YamlDocument {
  tree: Tree;
  /** What `!reset` and `!override` take away from what earlier files said. */
  resets: TreePath[];
  /** Lines (from 1) of keys and entries, by `placeKey`. */
  lines: ReadonlyMap<string, number>;
}

export const placeKey = (path: TreePath): string => path.join("\0");

/** Aliases may make much of little: no file that a person wrote has this many values. */
const MAX_VALUES = 500_000;
const MAX_DEPTH = 100;

/** The documents of a YAML text; `name` names it in messages. */
export function parseYaml(text: string, name: string): YamlDocument[] {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, {
    schema: "failsafe",
    version: "1.2",
    lineCounter,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: "silent",
    keepSourceTokens: false,
  });
  if (!Array.isArray(documents)) return [];
  return documents
    .filter((document) => document.contents !== null || document.errors.length > 0)
    .map((document) => {
      const [error] = document.errors;
      if (error) {
        const { line } = lineCounter.linePos(error.pos[0]);
        throw invalidArgument(`failed to parse ${name}: yaml: line ${line}: ${error.message.split("\n")[0]}`);
      }
      return new DocumentReader(document, lineCounter, name).read();
    });
}

class DocumentReader {
  readonly #document: Document.Parsed | Document;
  readonly #lineCounter: LineCounter;
  readonly #name: string;
  readonly #resets: TreePath[] = [];
  readonly #lines = new Map<string, number>();
  readonly #open = new Set<Node>();
  #values = 0;

  constructor(document: Document, lineCounter: LineCounter, name: string) {
    this.#document = document;
    this.#lineCounter = lineCounter;
    this.#name = name;
  }

  read(): YamlDocument {
    const tree = this.#value(this.#document.contents as Node | null, []) ?? null;
    return { tree, resets: this.#resets, lines: this.#lines };
  }

  /** Undefined for what `!reset` takes away. */
  #value(node: Node | null, path: TreePath): Tree | undefined {
    if (++this.#values > MAX_VALUES) throw this.#error(node, "document contains excessive aliasing");
    if (path.length > MAX_DEPTH) throw this.#error(node, "exceeded max depth");
    if (node === null) return null;
    if (node instanceof Alias) return this.#alias(node, path);
    const { tag } = node as { tag?: string };
    if (tag === "!reset") {
      this.#resets.push(path);
      return undefined;
    }
    if (tag === "!override") this.#resets.push(path);
    if (isScalar(node)) return this.#scalar(node, tag);
    if (isSeq(node)) return this.#sequence(node.items as (Node | null)[], path);
    if (isMap(node)) return this.#map(node as YAMLMap<Node, Node | null>, path);
    return null;
  }

  #alias(alias: Alias, path: TreePath): Tree | undefined {
    const target = alias.resolve(this.#document as Document) as Node | undefined;
    if (!target) throw this.#error(alias, `unknown anchor '${alias.source}' referenced`);
    if (this.#open.has(target)) throw this.#error(alias, `anchor '${alias.source}' value contains itself`);
    return this.#value(target, path);
  }

  #scalar(node: Scalar, tag: string | undefined): Tree {
    const text = String(node.value ?? "");
    if (tag === "tag:yaml.org,2002:binary") return Buffer.from(text, "base64").toString("utf8");
    const isPlain = node.type === Scalar.PLAIN || node.type === undefined;
    if (tag === "tag:yaml.org,2002:str" || (!isPlain && !tag?.startsWith("tag:yaml.org"))) return text;
    return resolvePlain(text);
  }

  #sequence(items: (Node | null)[], path: TreePath): Tree[] {
    const list: Tree[] = [];
    for (const item of items) {
      const place = [...path, String(list.length)];
      this.#note(item, place);
      const value = this.#value(item, place);
      if (value !== undefined) list.push(value);
    }
    return list;
  }

  #map(node: YAMLMap<Node, Node | null>, path: TreePath): TreeMap {
    this.#open.add(node);
    const map = newMap();
    const seen = new Map<string, number>();
    const merged: (Node | null)[] = [];
    for (const pair of node.items) {
      const key = this.#key(pair, path);
      const line = this.#lineOf(pair.key);
      if (seen.has(key)) {
        throw invalidArgument(
          `failed to parse ${this.#name}: line ${line}: mapping key ${JSON.stringify(key)} already defined at line ${seen.get(key)}`,
        );
      }
      seen.set(key, line);
      if (key === "<<") {
        merged.push(pair.value);
        continue;
      }
      const place = [...path, key];
      this.#lines.set(placeKey(place), line);
      const value = this.#value(pair.value, place);
      if (value !== undefined) map[key] = value;
    }
    for (const source of merged) this.#mergeInto(map, source, path);
    this.#open.delete(node);
    return map;
  }

  /** `<<`: keys of another map, or of several, the earlier one first, where this one has none (YAML 1.1, Merge Key). */
  #mergeInto(map: TreeMap, source: Node | null, path: TreePath): void {
    const target = source instanceof Alias ? (source.resolve(this.#document as Document) as Node) : source;
    if (isSeq(target)) {
      for (const one of target.items) this.#mergeInto(map, one as Node | null, path);
      return;
    }
    const value = this.#value(source, path);
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.#error(source, "map merge requires map or sequence of maps as the value");
    }
    for (const [key, one] of Object.entries(value)) if (!(key in map)) map[key] = one;
  }

  #key(pair: Pair<Node, Node | null>, path: TreePath): string {
    const key = this.#value(pair.key, path);
    if (typeof key === "string") return key;
    const where = path.length === 0 ? "at top level" : `in ${pathText(path)}`;
    throw this.#error(pair.key, `non-string key ${where}: ${sprint(key)}`);
  }

  #note(node: Node | null, path: TreePath): void {
    if (node?.range) this.#lines.set(placeKey(path), this.#lineOf(node));
  }

  #lineOf(node: Node | null): number {
    return node?.range ? this.#lineCounter.linePos(node.range[0]).line : 0;
  }

  #error(node: Node | null, message: string) {
    const line = this.#lineOf(node);
    return invalidArgument(
      `failed to parse ${this.#name}: yaml: ${line > 0 ? `line ${line}: ` : ""}${message}`,
    );
  }
}
