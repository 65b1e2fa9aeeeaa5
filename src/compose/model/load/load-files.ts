import { invalidArgument, notFound } from "../../../base/index.ts";
import { setDefaults, toCanonical } from "../canonical/index.ts";
import { interpolate, type Lookup } from "../interpolate/index.ts";
import { keepUnique, mergeTrees } from "../merge/index.ts";
import { validateSchema } from "../schema/index.ts";
import { isMap, newMap, type Tree, type TreeMap, type TreePath } from "../tree/index.ts";
import { parseYaml } from "../yaml/index.ts";
import { applyResets } from "./apply-resets.ts";
import { applyExtends } from "./extends.ts";
import { applyInclude } from "./include.ts";
import {
  type ConfigFile,
  type ExtendedFile,
  type FileGroup,
  type LoadContext,
  lookupIn,
} from "./load-context.ts";
import { resolveEnvironment } from "./resolve-environment.ts";
import { resolvePaths } from "./resolve-paths.ts";
import { validateTree } from "./validate-tree.ts";

/** The tree of a group of files, canonical, with defaults, paths and variables resolved. */
export function loadGroup(context: LoadContext, group: FileGroup, including: readonly string[]): TreeMap {
  let tree = newMap();
  for (const file of group.files) tree = loadFile(context, group, file, tree, including);
  tree = setDefaults(tree);
  validateTree(tree);
  // Where paths are not resolved, those of an included project are named from the including one all the same.
  const base = context.options.resolvePaths ? group.workingDir : group.relativeDir;
  if (base !== undefined) resolvePaths(tree, base, context.files.homeDirectory);
  // What shall be shown as it stands keeps bare names, too.
  if (context.options.interpolate) resolveEnvironment(tree, group.environment);
  return tree;
}

/** Lays a file over what was read before. */
function loadFile(
  context: LoadContext,
  group: FileGroup,
  file: ConfigFile,
  before: TreeMap,
  including: readonly string[],
): TreeMap {
  let tree = before;
  for (const document of readDocuments(context, file)) {
    const raw = prepare(context, document.tree, lookupIn(group.environment));
    applyExtends(context, raw, { file: file.path, group, resets: document.resets, loadExtended });
    applyResets(tree, document.resets);
    const nowIncluding = [...including, file.path];
    applyInclude(context, raw, group, nowIncluding, loadGroup);
    tree = keepUnique(mergeTrees(tree, raw));
    validateSchema(tree, (path) => context.sources.locate(path, file.path));
    if ("version" in tree) {
      context.warn(
        `${file.path}: the attribute \`version\` is obsolete, it will be ignored, please remove it to avoid potential confusion`,
      );
      delete tree.version;
    }
    tree = canonical(context, tree);
  }
  return tree;
}

/** The services of a file from which others extend: neither checked nor with what it extends and includes itself. */
function loadExtended(context: LoadContext, path: string, lookup: Lookup): ExtendedFile {
  let tree = newMap();
  let resets: TreePath[] = [];
  for (const document of readDocuments(context, { path })) {
    const raw = prepare(context, document.tree, lookup);
    applyResets(tree, document.resets);
    tree = canonical(context, keepUnique(mergeTrees(tree, raw)));
    resets = document.resets;
  }
  return { tree, resets };
}

function readDocuments(context: LoadContext, file: ConfigFile) {
  const text = file.text ?? context.files.read(file.path);
  if (text === undefined) throw notFound(`open ${file.path}: no such file or directory`);
  const documents = parseYaml(text, file.path);
  for (const { lines } of documents) context.sources.add(file.path, lines);
  return documents;
}

function prepare(context: LoadContext, tree: Tree, lookup: Lookup): TreeMap {
  if (!isMap(tree)) throw invalidArgument("top-level object must be a mapping");
  return context.options.interpolate ? interpolate(tree, lookup, context.warn) : tree;
}

function canonical(context: LoadContext, tree: TreeMap): TreeMap {
  const result = toCanonical(tree, { keepUnreadable: !context.options.interpolate, warn: context.warn });
  omitEmptyServers(result);
  // A short form may turn out to be about the same as another entry only when it is written out.
  return keepUnique(result);
}

/** `dns: ["${DNS}"]` without a value asks for no server. */
function omitEmptyServers(tree: TreeMap): void {
  for (const service of Object.values(isMap(tree.services) ? tree.services : {})) {
    if (isMap(service) && Array.isArray(service.dns)) {
      service.dns = service.dns.filter((server) => server !== null && server !== "");
    }
  }
}
