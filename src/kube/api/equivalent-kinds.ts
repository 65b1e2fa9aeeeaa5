import type { KindSource } from "./kind-catalog.ts";
import type { KindDefinition, KubeObject } from "./types.ts";

/** Other groups and versions in which the same objects are served. */
export function equivalentsOf(kinds: KindSource, kind: KindDefinition): KindDefinition[] {
  const place = storedPlace(kind);
  return kinds
    .served()
    .filter((other) => other !== kind && other.use === undefined && storedPlace(other) === place);
}

function storedPlace({ group, resource, storedAs }: KindDefinition): string {
  const place = storedAs ?? { group, resource };
  return `${place.group}/${place.resource}`;
}

/** An object of one kind as the other, equivalent one shows it. */
export function convertObject(object: KubeObject, from: KindDefinition, to: KindDefinition): KubeObject {
  if (from === to) return object;
  const stored = from.storedAs ? from.storedAs.toStored(object) : object;
  return to.storedAs ? to.storedAs.fromStored(stored) : stored;
}

/** The same, of all kinds: those of definitions may have somebody else who converts. Throws what keeps it from that. */
export async function convertedObject(
  object: KubeObject,
  from: KindDefinition,
  to: KindDefinition,
): Promise<KubeObject> {
  if (from === to || !to.conversion) return convertObject(object, from, to);
  const [shown] = await to.conversion.show([object]);
  return shown!;
}
