import { invalidArgument } from "../../../base/index.ts";
import {
  isMap,
  newMap,
  PathRules,
  pathText,
  sprint,
  type Tree,
  type TreeMap,
  type TreePath,
} from "../tree/index.ts";

type Rule = (base: Tree, over: Tree, path: TreePath) => Tree;

/** Lays one tree over another (compose-spec, Merge): maps by key, lists one after the other, everything else replaced. */
export function mergeTrees(base: TreeMap, over: TreeMap): TreeMap {
  return merge(base, over, []) as TreeMap;
}

/** A service over the one that it extends: by the same rules. */
export function mergeServices(base: TreeMap, over: TreeMap): TreeMap {
  return merge(base, over, ["services", "x"]) as TreeMap;
}

function merge(base: Tree, over: Tree, path: TreePath): Tree {
  const rule = RULES.at(path);
  if (rule) return rule(base, over, path);
  if (over === null) return base;
  if (isMap(base)) {
    if (!isMap(over)) throw cannotOverride(path);
    return mergeMaps(base, over, path);
  }
  if (Array.isArray(base)) {
    if (!Array.isArray(over)) throw cannotOverride(path);
    return [...base, ...over];
  }
  return over;
}

const cannotOverride = (path: TreePath) => invalidArgument(`cannot override ${pathText(path)}`);

function mergeMaps(base: TreeMap, over: TreeMap, path: TreePath): TreeMap {
  for (const [key, value] of Object.entries(over)) {
    base[key] = key in base ? merge(base[key]!, value, [...path, key]) : value;
  }
  return base;
}

const replace: Rule = (_base, over) => over;
const joinLists: Rule = (base, over) => [...toList(base), ...toList(over)];
const joinNamed =
  (empty: () => Tree): Rule =>
  (base, over, path) =>
    mergeMaps(toMap(base, empty), toMap(over, empty), path);

const extraHosts: Rule = (base, over) => {
  const hosts = toList(base);
  return [...hosts, ...toList(over).filter((host) => !hosts.includes(host))];
};

const build: Rule = (base, over, path) => {
  const long = (value: Tree) =>
    isMap(value) ? value : newMap(typeof value === "string" ? [["context", value]] : []);
  return mergeMaps(long(base), long(over), path);
};

/** The options of another driver mean nothing to this one. */
const logging: Rule = (base, over, path) => {
  if (!isMap(base) || !isMap(over)) return over;
  const sameDriver = !("driver" in base) || !("driver" in over) || base.driver === over.driver;
  return sameDriver ? mergeMaps(base, over, path) : over;
};

const ipamConfig: Rule = (base, over, path) => {
  if (!Array.isArray(base) || !Array.isArray(over)) {
    throw invalidArgument(`${pathText(path)}: unexpected type ${sprint(base)}`);
  }
  const pools: TreeMap[] = [];
  const put = (pool: TreeMap) => {
    const at = pools.findIndex((one) => one.subnet === pool.subnet);
    if (at < 0) pools.push(pool);
    else pools[at] = pool;
  };
  for (const original of base.filter(isMap)) {
    for (const other of over.filter(isMap)) {
      if (other.subnet !== original.subnet) {
        if (!pools.some((one) => one.subnet === other.subnet)) {
          pools.push(other);
          continue;
        }
      }
      put(mergeMaps(original, other, path));
    }
  }
  return pools;
};

/** `A: 1` as `A=1`, in the order of the keys. */
function toList(value: Tree): Tree[] {
  if (Array.isArray(value)) return value;
  if (typeof value === "string") return [value];
  if (!isMap(value)) return [];
  return Object.entries(value)
    .flatMap(([key, one]) => {
      if (one === null) return [key];
      return Array.isArray(one) ? one.map((entry) => `${key}=${sprint(entry)}`) : [`${key}=${sprint(one)}`];
    })
    .sort(byBytes);
}

const byBytes = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function toMap(value: Tree, empty: () => Tree): TreeMap {
  if (isMap(value)) return value;
  return newMap(Array.isArray(value) ? value.map((name) => [String(name), empty()] as const) : []);
}

const started = () =>
  newMap([
    ["condition", "service_started"],
    ["required", true],
  ]);

const RULES = new PathRules<Rule>({
  "networks.*.ipam.config": ipamConfig,
  "networks.*.labels": joinLists,
  "volumes.*.labels": joinLists,
  "services.*.annotations": joinLists,
  "services.*.build": build,
  "services.*.build.args": joinLists,
  "services.*.build.additional_contexts": joinLists,
  "services.*.build.extra_hosts": extraHosts,
  "services.*.build.labels": joinLists,
  "services.*.command": replace,
  "services.*.depends_on": joinNamed(started),
  "services.*.deploy.labels": joinLists,
  "services.*.dns": joinLists,
  "services.*.dns_opt": joinLists,
  "services.*.dns_search": joinLists,
  "services.*.entrypoint": replace,
  "services.*.env_file": joinLists,
  "services.*.label_file": joinLists,
  "services.*.environment": joinLists,
  "services.*.extra_hosts": extraHosts,
  "services.*.healthcheck.test": replace,
  "services.*.labels": joinLists,
  "services.*.volumes.*.volume.labels": joinLists,
  "services.*.logging": logging,
  "services.*.models": joinNamed(() => null),
  "services.*.networks": joinNamed(() => null),
  "services.*.sysctls": joinLists,
  "services.*.tmpfs": joinLists,
  "services.*.ulimits.*": replace,
});
