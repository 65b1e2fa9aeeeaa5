import { isMap, PathRules, rewriteTree, type Tree, type TreeMap, type TreePath } from "../tree/index.ts";

const deviceRequest = (value: Tree): Tree => {
  if (isMap(value) && !("count" in value) && !("device_ids" in value)) value.count = "all";
  return value;
};

const RULES = new PathRules<(value: Tree, path: TreePath) => Tree>({
  "services.*.build": (value) => {
    if (isMap(value) && !("context" in value)) value.context = ".";
    return value;
  },
  "services.*.secrets.[]": (value) => {
    if (isMap(value) && !("target" in value)) value.target = `/run/secrets/${value.source}`;
    return value;
  },
  "services.*.ports.[]": (value) => {
    if (!isMap(value)) return value;
    if (!("protocol" in value)) value.protocol = "tcp";
    if (!("mode" in value)) value.mode = "ingress";
    return value;
  },
  "services.*.deploy.resources.reservations.devices.[]": deviceRequest,
  "services.*.gpus.[]": deviceRequest,
});

/** Fills in what a canonical tree leaves to its defaults (compose-go, transform/defaults.go). */
export function setDefaults(tree: TreeMap): TreeMap {
  return rewriteTree(tree, RULES) as TreeMap;
}
