import type { KindDefinition, KubeObject } from "../../api/index.ts";

/** What a dry run answers with: the object as it would be read once it was written. */
export function dryRunAnswer({ storedAs }: KindDefinition, object: KubeObject): KubeObject {
  return storedAs ? storedAs.fromStored(storedAs.toStored(object)) : object;
}
