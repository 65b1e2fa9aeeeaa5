import { type GantryError, invalidArgument } from "../../../base/index.ts";
import type { TreePath } from "../tree/index.ts";

/** Fields whose keys are names that people choose. */
const BY_NAME = new Set([
  "services",
  "networks",
  "volumes",
  "secrets",
  "configs",
  "models",
  "depends_on",
  "ulimits",
]);

/** A value of the wrong kind, in the words of compose's decoder (mapstructure): `services[web].mem_limit`. */
export function cannotRead(path: TreePath, why: string): GantryError {
  const place = path
    .map((key, index) => {
      if (index === 0) return key;
      return /^\d+$/.test(key) || BY_NAME.has(path[index - 1]!) ? `[${key}]` : `.${key}`;
    })
    .join("");
  return invalidArgument(`decoding failed due to the following error(s):\n\n'${place}' ${why}`);
}
