import {
  DEFAULT_STORAGE_CLASS_ANNOTATIONS,
  defaultClass,
  type StorageClass,
  storageClasses,
} from "../../api/index.ts";
import type { KubeClient } from "../../client/index.ts";

/** The name in classes, claims and volumes by which the provisioner knows its own. */
export const PROVISIONER = "gantry.dev/directory";
const NAME = "standard";

/**
 * Makes the class of the node's directories where it is missing. It becomes the default one unless another is: what a person
 * has changed or chosen stays.
 */
export async function provideStorageClass(client: KubeClient): Promise<void> {
  const { items } = await client.list<StorageClass>(storageClasses);
  if (items.some(({ metadata }) => metadata.name === NAME)) return;
  const isDefault = defaultClass(items, ...DEFAULT_STORAGE_CLASS_ANNOTATIONS) === undefined;
  await client.create(storageClasses, {
    metadata: { name: NAME, annotations: { [DEFAULT_STORAGE_CLASS_ANNOTATIONS[0]!]: String(isDefault) } },
    provisioner: PROVISIONER,
    reclaimPolicy: "Delete",
    volumeBindingMode: "WaitForFirstConsumer",
    allowVolumeExpansion: false,
  });
}
