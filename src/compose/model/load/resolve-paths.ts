import { isAbsolute, join } from "node:path";
import { invalidArgument } from "../../../base/index.ts";
import { isMap, PathRules, rewriteTree, type Tree, type TreeMap } from "../tree/index.ts";

/** A build context that is no directory here: a repository, an image, another service's image. */
const REMOTE = /^(?:https?:\/\/|git:\/\/|ssh:\/\/|github\.com\/|git@|service:)|:\/\//;
const WINDOWS = /^(?:[a-zA-Z]:[\\/]|\\\\)/;

/** Makes the relative paths of a canonical tree start from `base` (compose-go, paths). */
export function resolvePaths(tree: TreeMap, base: string, home: string | undefined): void {
  const expand = (path: string) => (path.startsWith("~") && home ? join(home, path.slice(1)) : path);
  const one = (path: string) => {
    const expanded = expand(path);
    return expanded === "" || isAbsolute(expanded) ? expanded : join(base, expanded);
  };
  const path = (value: Tree): Tree => {
    if (Array.isArray(value)) return value.map(path);
    return typeof value === "string" ? one(value) : value;
  };
  const context = (value: Tree): Tree =>
    typeof value === "string" && REMOTE.test(value) ? value : path(value);
  // What is absolute on Windows is meant for an engine there.
  const mount = (value: string) =>
    WINDOWS.test(value) ? value : isAbsolute(expand(value)) ? expand(value) : join(base, expand(value));
  const maybe = (value: Tree): Tree => (typeof value === "string" ? mount(value) : value);
  rewriteTree(
    tree,
    new PathRules<(value: Tree) => Tree>({
      "services.*.build.context": context,
      "services.*.build.additional_contexts.*": context,
      "services.*.build.ssh.*": maybe,
      "services.*.env_file.[].path": path,
      "services.*.label_file.[]": path,
      "services.*.extends.file": path,
      "services.*.develop.watch.[].path": path,
      "services.*.volumes.[]": (value) => {
        if (!isMap(value) || value.type !== "bind") return value;
        if (typeof value.source !== "string") {
          throw invalidArgument(`invalid mount config for type "bind": field Source must not be empty`);
        }
        value.source = mount(value.source);
        return value;
      },
      "configs.*.file": maybe,
      "secrets.*.file": maybe,
      "include.path": path,
      "include.project_directory": path,
      "include.env_file": path,
      "volumes.*": (value) => {
        const options = isMap(value) && value.driver === "local" ? value.driver_opts : undefined;
        if (isMap(options) && options.o === "bind" && options.device !== undefined) {
          options.device = maybe(options.device);
        }
        return value;
      },
    }),
  );
}
