import { cleanTarget } from "../canonical/index.ts";
import { isMap, mapAt, newMap, type Tree, type TreeMap } from "../tree/index.ts";

const NAMESPACES = ["network_mode", "ipc", "pid", "uts", "cgroup"];

/** Makes what a canonical tree implies part of it: the default network, dependencies, names (compose-go, loader/normalize.go). */
export function normalize(
  tree: TreeMap,
  projectName: string,
  environment: ReadonlyMap<string, string>,
): void {
  normalizeNetworks(tree);
  for (const service of Object.values(mapAt(tree, "services") ?? {})) {
    if (isMap(service)) normalizeService(service, environment);
  }
  nameResources(tree, projectName);
}

function normalizeNetworks(tree: TreeMap): void {
  const networks = mapAt(tree, "networks") ?? newMap();
  let usesDefault = false;
  for (const service of Object.values(mapAt(tree, "services") ?? {})) {
    if (!isMap(service) || "provider" in service || "network_mode" in service) continue;
    const own = mapAt(service, "networks");
    if (!own || Object.keys(own).length === 0) service.networks = newMap([["default", null]]);
    if ("default" in (service.networks as TreeMap)) usesDefault = true;
  }
  if (usesDefault && !("default" in networks)) networks.default = null;
  if (Object.keys(networks).length > 0) tree.networks = networks;
}

function normalizeService(service: TreeMap, environment: ReadonlyMap<string, string>): void {
  if (service.pull_policy === "if_not_present") service.pull_policy = "missing";
  const build = mapAt(service, "build");
  if (build) {
    build.context ??= ".";
    if (build.dockerfile === undefined && build.dockerfile_inline === undefined)
      build.dockerfile = "Dockerfile";
    if (build.args !== undefined) build.args = resolveValues(build.args, environment, false);
  }
  if (service.environment !== undefined) {
    service.environment = resolveValues(service.environment, environment, true);
  }
  for (const volume of Array.isArray(service.volumes) ? service.volumes : []) {
    if (isMap(volume) && typeof volume.target === "string") volume.target = cleanTarget(volume.target);
  }
  const dependencies = impliedDependencies(service);
  if (Object.keys(dependencies).length > 0) service.depends_on = dependencies;
}

/** Links, shared namespaces and shared volumes need the other service first. */
function impliedDependencies(service: TreeMap): TreeMap {
  const dependencies = mapAt(service, "depends_on") ?? newMap();
  const need = (name: string, restart: boolean) => {
    dependencies[name] ??= newMap([
      ["condition", "service_started"],
      ["restart", restart],
      ["required", true],
    ]);
  };
  for (const link of textsOf(service.links)) {
    const parts = link.split(":");
    need(parts.length === 2 ? parts[0]! : link, true);
  }
  for (const namespace of NAMESPACES) {
    const value = service[namespace];
    if (typeof value === "string" && value.startsWith("service:")) need(value.slice("service:".length), true);
  }
  for (const source of textsOf(service.volumes_from)) {
    if (!source.startsWith("container:")) need(source.split(":")[0]!, false);
  }
  return dependencies;
}

const textsOf = (value: Tree | undefined): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];

/** Names without a value take that of the project's variables; `keep` says whether they stay without one. */
function resolveValues(value: Tree, environment: ReadonlyMap<string, string>, keep: boolean): Tree {
  if (Array.isArray(value)) {
    return value.flatMap((entry): Tree[] => {
      if (typeof entry !== "string" || entry.includes("=")) return [entry];
      if (environment.has(entry)) return [`${entry}=${environment.get(entry)}`];
      return keep ? [entry] : [];
    });
  }
  if (!isMap(value)) return value;
  const resolved = newMap();
  for (const [key, one] of Object.entries(value)) {
    if (one !== null) resolved[key] = one;
    else if (environment.has(key)) resolved[key] = environment.get(key)!;
    else if (keep) resolved[key] = null;
  }
  return resolved;
}

function nameResources(tree: TreeMap, projectName: string): void {
  for (const section of ["networks", "volumes", "configs", "secrets"]) {
    const resources = mapAt(tree, section);
    if (!resources) continue;
    for (const key of Object.keys(resources)) {
      const resource = mapAt(resources, key) ?? newMap();
      resource.name ??=
        resource.external === true || resource.external === "true" ? key : `${projectName}_${key}`;
      resources[key] = resource;
    }
  }
}
