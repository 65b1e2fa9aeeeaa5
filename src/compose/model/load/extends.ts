import { dirname } from "node:path";
import { invalidArgument, notFound } from "../../../base/index.ts";
import { mergeServices } from "../merge/index.ts";
import { copyTree, isMap, newMap, type Tree, type TreeMap, type TreePath } from "../tree/index.ts";
import { applyResets } from "./apply-resets.ts";
import {
  type FileGroup,
  type LoadContext,
  type LoadExtended,
  lookupIn,
  relativeDirectory,
  within,
} from "./load-context.ts";
import { resolvePaths } from "./resolve-paths.ts";

export interface ExtendsStep {
  /** The file in which the services stand. */
  file: string;
  /** What the file resets of what is extended. */
  resets: readonly TreePath[];
  group: FileGroup;
  loadExtended: LoadExtended;
}

interface Reference {
  file: string;
  service: string;
}

/** Lays each service of a raw tree over the one that it extends, in this file or in another (compose-spec, extends). */
export function applyExtends(context: LoadContext, tree: TreeMap, step: ExtendsStep): void {
  if (!("services" in tree)) return;
  if (!isMap(tree.services)) throw invalidArgument("services must be a mapping");
  for (const name of Object.keys(tree.services)) extendService(context, name, tree.services, step, []);
}

function extendService(
  context: LoadContext,
  name: string,
  services: TreeMap,
  step: ExtendsStep,
  seen: readonly Reference[],
): Tree {
  const service = services[name] ?? null;
  if (service === null) return null;
  if (!isMap(service)) throw invalidArgument(`services.${name} must be a mapping`);
  if (!("extends" in service)) return service;
  const target = referenceOf(name, service.extends!);
  let found = services;
  let resets: readonly TreePath[] = [];
  let file = step.file;
  if (target.file === undefined) {
    if (!(target.service in services)) {
      throw invalidArgument(
        `cannot extend service ${JSON.stringify(name)} in ${step.file}: service ${JSON.stringify(target.service)} not found`,
      );
    }
  } else {
    ({ services: found, resets } = readServices(context, name, target.service, target.file, step));
    file = target.file;
  }
  const chain = follow(seen, { file, service: name });
  const base = extendService(context, target.service, found, { ...step, resets }, chain);
  if (!isMap(base)) return service;
  const source = copyTree(base);
  applyResets(newMap([["services", newMap([[name, source]])]]), step.resets);
  const merged = mergeServices(source, service);
  delete merged.extends;
  services[name] = merged;
  return merged;
}

function referenceOf(name: string, extended: Tree): { service: string; file?: string } {
  if (typeof extended === "string") return { service: extended };
  if (!isMap(extended) || typeof extended.service !== "string") {
    throw invalidArgument(`extends.${name}.service is required`);
  }
  return typeof extended.file === "string"
    ? { service: extended.service, file: extended.file }
    : { service: extended.service };
}

function readServices(context: LoadContext, name: string, service: string, file: string, step: ExtendsStep) {
  const path = within(step.group.baseDir, file);
  if (context.files.kind(path) === undefined) throw notFound(`open ${path}: no such file or directory`);
  const { tree, resets } = step.loadExtended(context, path, lookupIn(step.group.environment));
  const refuse = (where: string, why: string) =>
    invalidArgument(`cannot extend service ${JSON.stringify(name)} in ${where}: ${why}`);
  if (!("services" in tree)) throw refuse(path, "no services section");
  if (!isMap(tree.services)) throw refuse(path, "services must be a mapping");
  if (!(service in tree.services)) {
    throw refuse(step.file, `service ${JSON.stringify(service)} not found in ${file}`);
  }
  // What stands in that file is relative to it; the rest is done when all has been read.
  resolvePaths(tree, relativeDirectory(step.group.baseDir, dirname(path)), context.files.homeDirectory);
  return { services: tree.services, resets };
}

function follow(seen: readonly Reference[], next: Reference): readonly Reference[] {
  if (!seen.some(({ file, service }) => file === next.file && service === next.service))
    return [...seen, next];
  const [first, ...others] = [...seen, next];
  throw invalidArgument(
    [
      "Circular reference:",
      `  ${first!.service} in ${first!.file}`,
      ...others.map(({ file, service }) => `  extends ${service} in ${file}`),
    ].join("\n"),
  );
}
