import { isIP } from "node:net";
import { invalidArgument } from "../../../base/index.ts";
import { isMap, PathRules, pathText, sprint, type Tree, type TreeMap, type TreePath } from "../tree/index.ts";

type Check = (value: Tree, path: TreePath) => void;

/** What the schema cannot say (compose-go, validation). */
export function validateTree(tree: TreeMap): void {
  walk(tree, []);
}

function walk(value: Tree, path: TreePath): void {
  const check = CHECKS.at(path);
  if (check) check(value, path);
  else if (Array.isArray(value)) for (const entry of value) walk(entry, [...path, "[]"]);
  else if (isMap(value)) for (const [key, entry] of Object.entries(value)) walk(entry, [...path, key]);
}

const volume: Check = (value, path) => {
  if (value === null) return;
  if (!isMap(value)) throw invalidArgument(`expected volume, got ${sprint(value)}`);
  if (value.external !== true) return;
  for (const key of Object.keys(value)) {
    if (key === "name" || key === "external" || key.startsWith("x-")) continue;
    throw invalidArgument(
      `${pathText(path)}: conflicting parameters "external" and ${JSON.stringify(key)} specified`,
    );
  }
};

const fileObject =
  (...keys: string[]): Check =>
  (value, path) => {
    if (!isMap(value)) return;
    const given = keys.filter((key) => key in value);
    if (given.length > 1) {
      throw invalidArgument(`${pathText(path)}: ${keys.join("|")} attributes are mutually exclusive`);
    }
    if (given.length === 0 && !("driver" in value) && !("external" in value)) {
      throw invalidArgument(`${pathText(path)}: one of ${keys.join("|")} must be set`);
    }
  };

const deviceRequest: Check = (value, path) => {
  if (isMap(value) && "count" in value && "device_ids" in value) {
    throw invalidArgument(`${pathText(path)}: "count" and "device_ids" attributes are exclusive`);
  }
};

const CHECKS = new PathRules<Check>({
  "volumes.*": volume,
  "configs.*": fileObject("file", "environment", "content"),
  "secrets.*": fileObject("file", "environment"),
  "services.*.ports.[]": (value, path) => {
    if (isMap(value) && typeof value.host_ip === "string" && isIP(value.host_ip) === 0) {
      throw invalidArgument(`${pathText(path)}: invalid ip address: ${value.host_ip}`);
    }
  },
  "services.*.develop.watch.[].path": (value, path) => {
    if (value === "") throw invalidArgument(`${pathText(path)}: value can't be blank`);
  },
  "services.*.deploy.resources.reservations.devices.[]": deviceRequest,
  "services.*.gpus.[]": deviceRequest,
});
