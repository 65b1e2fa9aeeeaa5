import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { invalidArgument, notFound } from "../../../base/index.ts";
import { readDotEnvFiles } from "../environment/index.ts";
import { isMap, newMap, sprint, type Tree, type TreeMap } from "../tree/index.ts";
import {
  type FileGroup,
  type LoadContext,
  type LoadGroup,
  relativeDirectory,
  within,
} from "./load-context.ts";

/** One entry of `include`. */
interface Include {
  paths: string[];
  projectDirectory: string;
  envFiles: string[];
}

/** What of an included project becomes part of this one. */
const SECTIONS = ["services", "volumes", "networks", "secrets", "configs", "models"];

/** Takes the resources of included projects into a raw tree (compose-spec, include). */
export function applyInclude(
  context: LoadContext,
  tree: TreeMap,
  group: FileGroup,
  including: readonly string[],
  loadGroup: LoadGroup,
): void {
  for (const include of readIncludes(tree.include)) {
    const included = includedGroup(context, include, group, including);
    importResources(loadGroup(context, included, including), tree);
  }
  delete tree.include;
}

function includedGroup(
  context: LoadContext,
  include: Include,
  group: FileGroup,
  including: readonly string[],
): FileGroup {
  const paths = include.paths.map((path) => within(group.baseDir, path));
  const [main = ""] = paths;
  if (including.includes(main)) {
    const [first, ...rest] = [...including, main];
    throw invalidArgument(`include cycle detected:\n${first}\n include ${rest.join("\n include ")}`);
  }
  const directory =
    include.projectDirectory === "" ? dirname(main) : within(group.workingDir, include.projectDirectory);
  const environment = new Map(
    readDotEnvFiles(context.files, envFilesOf(context, include, group, directory), group.environment),
  );
  // What the including project knows wins.
  for (const [name, value] of group.environment) environment.set(name, value);
  return {
    files: paths.map((path) => ({ path })),
    workingDir: directory,
    baseDir: directory,
    environment,
    relativeDir: relativeDirectory(group.baseDir, directory),
  };
}

function envFilesOf(context: LoadContext, include: Include, group: FileGroup, directory: string): string[] {
  if (include.envFiles.length === 0) {
    const path = join(directory, ".env");
    return context.files.kind(path) === "file" ? [path] : [];
  }
  return include.envFiles.map((file) => {
    const path = within(group.workingDir, file);
    const kind = context.files.kind(path);
    if (kind === undefined) throw notFound(`stat ${path}: no such file or directory`);
    if (kind === "directory") throw invalidArgument(`${path} is not a file`);
    return path;
  });
}

function readIncludes(value: Tree | undefined): Include[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalidArgument(`\`include\` must be a list, got ${sprint(value)}`);
  return value.map((entry) => {
    if (typeof entry === "string") return { paths: [entry], projectDirectory: "", envFiles: [] };
    if (!isMap(entry)) throw invalidArgument(`invalid include ${sprint(entry)}`);
    const { project_directory: directory } = entry;
    return {
      paths: textsOf(entry.path),
      projectDirectory: typeof directory === "string" ? directory : "",
      envFiles: textsOf(entry.env_file),
    };
  });
}

const textsOf = (value: Tree | undefined): string[] =>
  value === undefined || value === null ? [] : [value].flat().map((one) => sprint(one));

function importResources(from: TreeMap, into: TreeMap): void {
  for (const section of SECTIONS) {
    const resources = from[section];
    if (!isMap(resources)) continue;
    const present = into[section];
    const target = isMap(present) ? present : newMap();
    for (const [name, resource] of Object.entries(resources)) {
      // The same may come in twice; something else under its name may not.
      if (name in target && !isDeepStrictEqual(target[name], resource)) {
        throw invalidArgument(`${section}.${name} conflicts with imported resource`);
      }
      target[name] = resource;
    }
    into[section] = target;
  }
}
