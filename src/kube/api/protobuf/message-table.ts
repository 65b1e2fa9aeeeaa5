import { CLUSTER_MESSAGES } from "./numbers/cluster.ts";
import { CORE_MESSAGES } from "./numbers/core.ts";
import { EXTENSIONS_MESSAGES } from "./numbers/extensions.ts";
import { META_MESSAGES } from "./numbers/meta.ts";
import { RESOURCE_MESSAGES } from "./numbers/resource.ts";
import { WORKLOADS_MESSAGES } from "./numbers/workloads.ts";

/**
 * The notation of the tables below `numbers/`. `# core.v1` opens a package (short for `k8s.io.api.core.v1`; a leading
 * `/` gives the whole name). Each further line is a message: its name and its fields in the order of their numbers, as
 * `jsonName[?][=number][:type]`. The number is left out where it is one more than the one before; the type is left out
 * for strings. `?` marks a scalar that is a pointer in Go, so that its zero value is not the same as its absence. `^`
 * stands for a message that JSON writes inline. `Name @apps.v1` says: the same fields as the message of that name there.
 *
 * Types: s string, b bool, y bytes, i int32, l int64, d double, q Quantity, t Time, u MicroTime, n Duration,
 * x IntOrString, r RawExtension, f FieldsV1; `*T` list, `{}T` map with string keys; `~Name` a message of meta/v1,
 * `Name` of the same package, `core.v1.Name` or `/whole.package.Name` of another.
 */
export interface MessageField {
  name: string;
  number: number;
  /** One letter for a scalar, `m` for a message. */
  code: string;
  /** Key of the message (`package.Name`) where code is `m`. */
  message: string;
  repeated: boolean;
  map: boolean;
  inline: boolean;
  pointer: boolean;
}

export interface Message {
  key: string;
  name: string;
  fields: readonly MessageField[];
  byNumber: ReadonlyMap<number, MessageField>;
  byName: ReadonlyMap<string, MessageField>;
}

export const META_PACKAGE = "k8s.io.apimachinery.pkg.apis.meta.v1";
const API_PREFIX = "k8s.io.api.";

let lines: Map<string, string> | undefined;
const parsed = new Map<string, Message>();

/** Every message's key, `k8s.io.api.core.v1.Pod`. */
export function messageKeys(): Iterable<string> {
  lines ??= splitTables();
  return lines.keys();
}

/** The message with this key; parsed at first use. */
export function messageByKey(key: string): Message | undefined {
  const known = parsed.get(key);
  if (known !== undefined) return known;
  lines ??= splitTables();
  const text = lines.get(key);
  if (text === undefined) return undefined;
  const message = parseMessage(key, text);
  parsed.set(key, message);
  return message;
}

function splitTables(): Map<string, string> {
  const out = new Map<string, string>();
  const tables = [
    META_MESSAGES,
    CORE_MESSAGES,
    WORKLOADS_MESSAGES,
    CLUSTER_MESSAGES,
    EXTENSIONS_MESSAGES,
    RESOURCE_MESSAGES,
  ];
  for (const table of tables) {
    let pkg = "";
    for (const line of table.split("\n")) {
      if (line === "") continue;
      if (line.startsWith("# ")) {
        pkg = fullPackage(line.slice(2));
        continue;
      }
      const space = line.indexOf(" ");
      const name = space < 0 ? line : line.slice(0, space);
      out.set(`${pkg}.${name}`, space < 0 ? "" : line.slice(space + 1));
    }
  }
  return out;
}

export function fullPackage(name: string): string {
  return name.startsWith("/") ? name.slice(1) : API_PREFIX + name;
}

function parseMessage(key: string, text: string): Message {
  const pkg = key.slice(0, key.lastIndexOf("."));
  const name = key.slice(pkg.length + 1);
  const body = text.startsWith("@") ? lines!.get(`${fullPackage(text.slice(1))}.${name}`)! : text;
  let last = 0;
  const fields = body
    .split(" ")
    .filter(Boolean)
    .map((token) => {
      const field = parseField(token, pkg, last + 1);
      last = field.number;
      return field;
    });
  return {
    key,
    name,
    fields,
    byNumber: new Map(fields.map((field) => [field.number, field])),
    byName: new Map(fields.filter((field) => !field.inline).map((field) => [field.name, field])),
  };
}

const FIELD = /^([^?=:]+)(\?)?(?:=(\d+))?(?::(.+))?$/;

function parseField(token: string, pkg: string, nextNumber: number): MessageField {
  const [, name, pointer, number, type = "s"] = FIELD.exec(token)!;
  const repeated = type.startsWith("*");
  const map = type.startsWith("{}");
  const base = repeated ? type.slice(1) : map ? type.slice(2) : type;
  const scalar = base.length === 1;
  return {
    name: name!,
    number: number === undefined ? nextNumber : Number(number),
    code: scalar ? base : "m",
    message: scalar ? "" : messageKeyOf(base, pkg),
    repeated,
    map,
    inline: name === "^",
    pointer: pointer === "?",
  };
}

function messageKeyOf(reference: string, pkg: string): string {
  if (reference.startsWith("~")) return `${META_PACKAGE}.${reference.slice(1)}`;
  if (reference.startsWith("/")) return reference.slice(1);
  return reference.includes(".") ? API_PREFIX + reference : `${pkg}.${reference}`;
}

/** Key of the message that an apiVersion and kind name; metadata kinds (Status, DeleteOptions, …) exist in every group. */
export function messageKeyOfKind(apiVersion: string, kind: string): string | undefined {
  lines ??= splitTables();
  const slash = apiVersion.indexOf("/");
  const group = slash < 0 ? "" : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  const own = `${packageOfGroup(group)}.${version}.${kind}`;
  if (lines.has(own)) return own;
  const meta = `${META_PACKAGE}.${kind}`;
  return lines.has(meta) ? meta : undefined;
}

const PACKAGES: Record<string, string> = {
  "": "k8s.io.api.core",
  "meta.k8s.io": "k8s.io.apimachinery.pkg.apis.meta",
  "internal.apiserver.k8s.io": "k8s.io.api.apiserverinternal",
  "apiextensions.k8s.io": "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions",
  "apiregistration.k8s.io": "k8s.io.kube_aggregator.pkg.apis.apiregistration",
};

function packageOfGroup(group: string): string {
  return PACKAGES[group] ?? API_PREFIX + group.split(".")[0]!;
}
