import { invalidArgument } from "../../../base/index.ts";
import { parseVolumeSpec } from "../canonical/index.ts";
import {
  isMap,
  PathRules,
  pathText,
  sprint,
  type Tree,
  type TreeMap,
  type TreePath,
  typeName,
} from "../tree/index.ts";

/** What an entry of a list is about: of two about the same thing the later one counts. */
type KeyOf = (entry: Tree, path: TreePath) => string;

/** Drops entries of lists that a later entry defines anew, each in the place of the first (compose-go, override.EnforceUnicity). */
export function keepUnique(tree: TreeMap): TreeMap {
  return walk(tree, []) as TreeMap;
}

function walk(value: Tree, path: TreePath): Tree {
  if (isMap(value)) {
    for (const key of Object.keys(value)) value[key] = walk(value[key]!, [...path, key]);
    return value;
  }
  const keyOf = Array.isArray(value) ? KEYS.at(path) : undefined;
  if (!Array.isArray(value) || !keyOf) return value;
  const byKey = new Map<string, Tree>();
  for (const [index, entry] of value.entries()) byKey.set(keyOf(entry, [...path, `[${index}]`]), entry);
  return [...byKey.values()];
}

const beforeEquals: KeyOf = (entry, path) => {
  if (typeof entry === "string") return entry.split("=", 1)[0]!;
  throw invalidArgument(`${pathText(path)}: unexpected type ${typeName(entry)}`);
};

const volumeTarget: KeyOf = (entry, path) => {
  if (typeof entry === "string") return String(parseVolumeSpec(entry).target);
  if (isMap(entry) && typeof entry.target === "string") return entry.target;
  throw invalidArgument(`service volume ${pathText(path)} is missing a mount target`);
};

const deviceTarget: KeyOf = (entry, path) => {
  if (typeof entry === "string") return entry.split(":")[1] ?? entry;
  if (isMap(entry) && typeof entry.target === "string") return entry.target;
  throw invalidArgument(`service device ${pathText(path)} is missing a mount target`);
};

const mountTarget =
  (directory: string): KeyOf =>
  (entry, path) => {
    if (typeof entry === "string") return `${directory}/${entry}`;
    if (!isMap(entry)) throw invalidArgument(`${pathText(path)}: unsupported expose value ${sprint(entry)}`);
    return typeof entry.target === "string" ? entry.target : `${directory}/${entry.source}`;
  };

const portKey: KeyOf = (entry, path) => {
  if (!isMap(entry)) return sprint(entry);
  if (!("target" in entry)) throw invalidArgument(`service ports ${pathText(path)} is missing a target port`);
  const published = "published" in entry ? sprint(entry.published) : "%!s(<nil>)";
  return `${entry.host_ip ?? "0.0.0.0"}:${published}:${sprint(entry.target)}/${entry.protocol ?? "tcp"}`;
};

const envFilePath: KeyOf = (entry, path) => {
  if (!isMap(entry)) return sprint(entry);
  if (typeof entry.path === "string") return entry.path;
  throw invalidArgument(`environment path attribute ${pathText(path)} is missing`);
};

const KEYS = new PathRules<KeyOf>({
  "networks.*.labels": beforeEquals,
  "networks.*.ipam.options": beforeEquals,
  "services.*.annotations": beforeEquals,
  "services.*.build.args": beforeEquals,
  "services.*.build.additional_contexts": beforeEquals,
  "services.*.build.platform": beforeEquals,
  "services.*.build.tags": beforeEquals,
  "services.*.build.labels": beforeEquals,
  "services.*.cap_add": beforeEquals,
  "services.*.cap_drop": beforeEquals,
  "services.*.devices": deviceTarget,
  "services.*.configs": mountTarget(""),
  "services.*.deploy.labels": beforeEquals,
  "services.*.dns": beforeEquals,
  "services.*.dns_opt": beforeEquals,
  "services.*.dns_search": beforeEquals,
  "services.*.environment": beforeEquals,
  "services.*.env_file": envFilePath,
  "services.*.expose": (entry) => sprint(entry),
  "services.*.labels": beforeEquals,
  "services.*.links": beforeEquals,
  "services.*.networks.*.aliases": beforeEquals,
  "services.*.networks.*.link_local_ips": beforeEquals,
  "services.*.ports": portKey,
  "services.*.profiles": beforeEquals,
  "services.*.secrets": mountTarget("/run/secrets"),
  "services.*.sysctls": beforeEquals,
  "services.*.tmpfs": beforeEquals,
  "services.*.volumes": volumeTarget,
});
