import type { KindDefinition } from "../../api/index.ts";
import type { StoredObject } from "./stored-object.ts";

/** So many at the most are converted by one call. */
const BATCH = 100;

/** Makes a stored object ready to be looked at as one of the kind. */
export async function loadAs(kind: KindDefinition, object: StoredObject): Promise<void> {
  await loadFrom(kind, [object], 0);
}

/**
 * Makes the object at `index` ready, and where it has to be converted those after it as well: whoever converts takes many
 * in one go.
 */
export async function loadFrom(
  kind: KindDefinition,
  objects: readonly StoredObject[],
  index: number,
): Promise<void> {
  const first = objects[index]!;
  if (!first.isAtHand) await first.load();
  if (first.isReadyAs(kind)) return;
  const pending: StoredObject[] = [];
  for (let at = index; at < objects.length && pending.length < BATCH; at++) {
    const object = objects[at]!;
    if (object.isAtHand && !object.isReadyAs(kind)) pending.push(object);
  }
  const shown = await kind.conversion!.show(pending.map(({ object }) => object));
  for (const [at, object] of pending.entries()) object.addView(kind, shown[at]!);
}
