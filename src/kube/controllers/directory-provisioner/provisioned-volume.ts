import {
  type PersistentVolume,
  type PersistentVolumeClaim,
  PROVISIONED_BY,
  referenceTo,
  type StorageClass,
} from "../../api/index.ts";
import type { NewObject } from "../../client/index.ts";
import { PROVISIONER } from "./storage-class.ts";

/** Holds a volume that is to be deleted until its directory is gone (sig-storage-lib-external-provisioner). */
export const DELETION_FINALIZER = "external-provisioner.volume.kubernetes.io/finalizer";

export const volumeNameFor = ({ metadata }: PersistentVolumeClaim): string => `pvc-${metadata.uid}`;

/** The volume that stands for a directory of the node. */
export function provisionedVolume(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  { path, nodeName }: { path: string; nodeName: string },
): NewObject<PersistentVolume> {
  const isDeletedWithClaim = storageClass.reclaimPolicy === "Delete";
  const onNode = { key: "kubernetes.io/hostname", operator: "In", values: [nodeName] };
  return {
    metadata: {
      name: volumeNameFor(claim),
      annotations: { [PROVISIONED_BY]: PROVISIONER },
      ...(isDeletedWithClaim ? { finalizers: [DELETION_FINALIZER] } : {}),
    },
    spec: {
      accessModes: claim.spec.accessModes,
      capacity: { storage: claim.spec.resources?.requests?.storage },
      claimRef: referenceTo(claim),
      local: { path },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onNode] }] } },
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy,
      storageClassName: storageClass.metadata.name,
      volumeMode: "Filesystem",
    },
  };
}

/** What a directory cannot be; undefined where it can be what the claim asks for. */
export function problemOf({ spec }: PersistentVolumeClaim, storageClass: StorageClass): string | undefined {
  const { parameters = {}, mountOptions = [] } = storageClass;
  const [parameter] = Object.keys(parameters);
  if (spec.volumeMode === "Block") return "block volumes are not provided, only directories";
  if (spec.dataSource || spec.dataSourceRef) return "volumes are made empty: a dataSource is not supported";
  if (spec.selector) return "claim.Spec.Selector is not supported for dynamic provisioning";
  if (mountOptions.length > 0) return "mount options are not supported: a directory is not mounted";
  if (parameter !== undefined) return `the class has a parameter that is not known: ${parameter}`;
  return undefined;
}
