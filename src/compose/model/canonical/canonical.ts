import { invalidArgument } from "../../../base/index.ts";
import {
  isMap,
  newMap,
  PathRules,
  pathText,
  rewriteEntries,
  rewriteTree,
  sprint,
  type Tree,
  type TreeMap,
  type TreePath,
  typeName,
} from "../tree/index.ts";
import { parsePortSpec } from "./port-spec.ts";
import { parseVolumeSpec } from "./volume-spec.ts";

type Rule = (value: Tree, path: TreePath) => Tree;

export interface CanonicalOptions {
  /** What variables were not replaced in cannot always be read: it stays as it stands. */
  keepUnreadable: boolean;
  warn(message: string): void;
}

/** The tree with every short form written out in its long form (compose-go, transform). */
export function toCanonical(tree: TreeMap, options: CanonicalOptions): TreeMap {
  return rewriteTree(tree, rulesFor(options)) as TreeMap;
}

function rulesFor(options: CanonicalOptions): PathRules<Rule> {
  const orKeep = (read: Rule): Rule => {
    if (!options.keepUnreadable) return read;
    return (value, path) => {
      try {
        return read(value, path);
      } catch {
        return value;
      }
    };
  };
  const rules: PathRules<Rule> = new PathRules<Rule>({
    "services.*": (value, path) => (isMap(value) ? rewriteEntries(value, rules, path) : value),
    "services.*.build": (value, path) => {
      if (typeof value === "string") return newMap([["context", value]]);
      if (isMap(value)) return rewriteEntries(value, rules, path);
      throw wrongType(path, value, "for build");
    },
    "services.*.build.secrets.[]": fileMount,
    "services.*.build.provenance": (value) => (typeof value === "string" ? value : sprint(value)),
    "services.*.build.sbom": (value) => (typeof value === "string" ? value : sprint(value)),
    "services.*.build.additional_contexts": orKeep(keyValues),
    "services.*.build.ssh": sshKeys,
    "services.*.build.ulimits.*": ulimit,
    "services.*.depends_on": dependsOn,
    "services.*.env_file": envFiles,
    "services.*.label_file": listOfOne,
    "services.*.extends": (value) => (typeof value === "string" ? newMap([["service", value]]) : value),
    "services.*.gpus": (value) => (typeof value === "string" ? [newMap([["count", "all"]])] : value),
    "services.*.networks": namesToMap,
    "services.*.models": namesToMap,
    "services.*.volumes.[]": orKeep((value) => (typeof value === "string" ? parseVolumeSpec(value) : value)),
    "services.*.dns": listOfOne,
    "services.*.devices.[]": orKeep(device),
    "services.*.secrets.[]": fileMount,
    "services.*.configs.[]": fileMount,
    "services.*.ports": orKeep(ports),
    "services.*.ulimits.*": ulimit,
    "services.*.develop.watch.[].ignore": listOfOne,
    "services.*.develop.watch.[].include": listOfOne,
    "volumes.*": (value, path) => external(value, path, options.warn),
    "networks.*": (value, path) => external(value, path, options.warn),
    "secrets.*": (value, path) => external(value, path, options.warn),
    "configs.*": (value, path) => external(value, path, options.warn),
  });
  return rules;
}

const wrongType = (path: TreePath, value: Tree, what: string) =>
  invalidArgument(`${pathText(path)}: invalid type ${typeName(value)} ${what}`);

const listOfOne: Rule = (value) => (typeof value === "string" ? [value] : value);

const namesToMap: Rule = (value) =>
  Array.isArray(value) ? newMap(value.map((name) => [String(name), null] as const)) : value;

const fileMount: Rule = (value, path) => {
  if (typeof value === "string") return newMap([["source", value]]);
  if (isMap(value)) return value;
  throw invalidArgument(`${pathText(path)}: unsupported type ${typeName(value)}`);
};

const ulimit: Rule = (value, path) => {
  if (isMap(value) || typeof value === "number") return value;
  throw wrongType(path, value, "for external");
};

const keyValues: Rule = (value, path) => {
  if (!Array.isArray(value)) return value;
  const map = newMap();
  for (const entry of value) {
    const at = String(entry).indexOf("=");
    if (at < 0)
      throw invalidArgument(`${pathText(path)}: invalid value ${sprint(entry)}, expected key=value`);
    map[String(entry).slice(0, at)] = String(entry).slice(at + 1);
  }
  return map;
};

const sshKeys: Rule = (value, path) => {
  if (isMap(value)) return value;
  if (!Array.isArray(value)) throw wrongType(path, value, "for ssh");
  const keys = newMap();
  for (const entry of value) {
    const text = String(entry);
    const at = text.indexOf("=");
    if (at >= 0) keys[text.slice(0, at)] = text.slice(at + 1);
    else if (text === "default") keys.default = null;
    else throw invalidArgument(`invalid ssh key ${JSON.stringify(text)}`);
  }
  return keys;
};

const dependsOn: Rule = (value, path) => {
  if (Array.isArray(value)) return newMap(value.map((name) => [String(name), started()] as const));
  if (!isMap(value)) throw wrongType(path, value, "for depend_on");
  for (const [name, dependency] of Object.entries(value)) {
    if (!isMap(dependency)) {
      throw invalidArgument(`${pathText([...path, name])}: unsupported value ${sprint(value)}`);
    }
    dependency.condition ??= "service_started";
    dependency.required ??= true;
  }
  return value;
};

const started = () =>
  newMap([
    ["condition", "service_started"],
    ["required", true],
  ]);

const envFiles: Rule = (value, path) => {
  if (typeof value === "string") return [envFile(value)];
  if (Array.isArray(value)) return value.map(envFile);
  throw wrongType(path, value, "for env_file");
};

function envFile(value: Tree): Tree {
  if (typeof value === "string") {
    return newMap([
      ["path", value],
      ["required", true],
    ]);
  }
  if (!isMap(value)) return null;
  value.required ??= true;
  return value;
}

const device: Rule = (value) => {
  if (typeof value !== "string") return value;
  const [source = "", target, permissions, ...more] = value.split(":");
  if (more.length > 0) throw invalidArgument(`confusing device mapping, please use long syntax: ${value}`);
  return newMap([
    ["source", source],
    ["target", target || source],
    ["permissions", permissions ?? "rwm"],
  ]);
};

const ports: Rule = (value, path) => {
  if (!Array.isArray(value)) throw wrongType(path, value, "for port");
  return value.flatMap((entry): Tree[] => {
    if (typeof entry === "number" || typeof entry === "string") return parsePortSpec(String(entry));
    if (isMap(entry)) return [entry];
    throw wrongType(path, entry, "for port");
  });
};

/** `external: { name: x }`, as it was written once, is `external: true` with the name beside it. */
function external(value: Tree, path: TreePath, warn: (message: string) => void): Tree {
  if (!isMap(value) || !isMap(value.external)) return value;
  const { name } = value.external;
  value.external = true;
  if (name === undefined) return value;
  warn(`${pathText(path)}: external.name is deprecated. Please set name and external: true`);
  if (value.name !== undefined && value.name !== name) {
    throw invalidArgument(`${pathText(path)}: name and external.name conflict; only use name`);
  }
  value.name = name;
  return value;
}
