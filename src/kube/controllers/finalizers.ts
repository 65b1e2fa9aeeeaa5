import type { ApiObject } from "../api/types.ts";
import type { Informer, KubeClient, ResourceRef } from "../client/index.ts";
import { writeOnNewest } from "./newest.ts";
import { unlessGone } from "./write-errors.ts";

/** Where a controller keeps a finalizer: the objects, as they are known and as they are written. */
export interface FinalizedObjects<T extends ApiObject> {
  client: KubeClient;
  resource: ResourceRef<T>;
  informer: Informer<T>;
  finalizer: string;
}

/** It is to go, and only waits for those who hold it, the finalizer's owner among them. */
export function waitsFor({ metadata }: ApiObject, finalizer: string): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(finalizer) === true;
}

/** It is to stay, and nothing holds it yet. */
export function lacks({ metadata }: ApiObject, finalizer: string): boolean {
  return metadata.deletionTimestamp === undefined && !metadata.finalizers?.includes(finalizer);
}

export async function addFinalizer<T extends ApiObject>(
  { client, resource, informer, finalizer }: FinalizedObjects<T>,
  object: T,
): Promise<void> {
  await unlessGone(
    writeOnNewest(informer, object, async (base) => {
      if (lacks(base, finalizer))
        await client.update(resource, withFinalizers(base, [...(base.metadata.finalizers ?? []), finalizer]));
    }),
  );
}

export async function removeFinalizer<T extends ApiObject>(
  { client, resource, informer, finalizer }: FinalizedObjects<T>,
  object: T,
): Promise<void> {
  await unlessGone(
    writeOnNewest(informer, object, async (base) => {
      const others = (base.metadata.finalizers ?? []).filter((one) => one !== finalizer);
      if (waitsFor(base, finalizer)) await client.update(resource, withFinalizers(base, others));
    }),
  );
}

const withFinalizers = <T extends ApiObject>(object: T, finalizers: string[]): T => ({
  ...object,
  metadata: { ...object.metadata, finalizers },
});
