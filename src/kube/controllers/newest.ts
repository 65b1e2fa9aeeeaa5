import type { KubeObject } from "../api/types.ts";
import type { Informer } from "../client/index.ts";
import { keyOf } from "./object-key.ts";

/**
 * The newer of an object that is held and the informer's copy of it. Between two awaits of a reconcile others have
 * written too; a write that starts from here does not lose against them.
 */
export function newest<T extends KubeObject>(informer: Informer<T>, held: T): T {
  const known = informer.get(keyOf(held));
  if (!known || known.metadata.uid !== held.metadata.uid) return held;
  return Number(known.metadata.resourceVersion) > Number(held.metadata.resourceVersion) ? known : held;
}
