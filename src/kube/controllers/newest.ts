import { isGantryError } from "../../base/index.ts";
import type { ApiObject } from "../api/types.ts";
import type { Informer } from "../client/index.ts";
import { keyOf } from "./object-key.ts";

/**
 * The newer of an object that is held and the informer's copy of it. Between two awaits of a reconcile others have
 * written too; a write that starts from here does not lose against them.
 */
export function newest<T extends ApiObject>(informer: Informer<T>, held: T): T {
  const known = informer.get(keyOf(held));
  if (!known || known.metadata.uid !== held.metadata.uid) return held;
  return Number(known.metadata.resourceVersion) > Number(held.metadata.resourceVersion) ? known : held;
}

/**
 * Writes on top of the newest form. Two controllers that write different parts of one object at the same instant are no
 * reason to do a whole reconcile again: who loses writes once more on top of what the other wrote.
 */
export async function writeOnNewest<T extends ApiObject, R>(
  informer: Informer<T>,
  held: T,
  write: (base: T) => Promise<R>,
): Promise<R> {
  let base = newest(informer, held);
  for (;;) {
    try {
      return await write(base);
    } catch (error) {
      const next = newest(informer, base);
      if (!isGantryError(error, "Conflict") || next === base) throw error;
      base = next;
    }
  }
}
