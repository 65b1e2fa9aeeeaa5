import { silentLogger } from "../../../base/index.ts";
import {
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  type KubeObject,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
  volumeAttachments,
} from "../../api/index.ts";
import { IndexedInformer } from "../../client/informer.ts";
import type { InformerFactory, ResourceRef } from "../../client/types.ts";
import { VolumeObjects } from "../volumes/volume-objects.ts";

type Fields = Record<string, unknown>;

const KINDS = {
  claims: persistentVolumeClaims,
  volumes: persistentVolumes,
  classes: storageClasses,
  csiNodes,
  drivers: csiDrivers,
  capacities: csiStorageCapacities,
  attachments: volumeAttachments,
};

/** The storage of a cluster as a test says that it is. */
export function storageOf(given: { [kind in keyof typeof KINDS]?: object[] }): VolumeObjects {
  const informers = new Map<string, IndexedInformer>();
  const informer = (resource: ResourceRef) => {
    const known = informers.get(resource.resource) ?? new IndexedInformer(resource, {}, silentLogger);
    informers.set(resource.resource, known);
    return known;
  };
  const objects = new VolumeObjects({ informer } as unknown as InformerFactory);
  for (const [kind, list] of Object.entries(given))
    informer(KINDS[kind as keyof typeof KINDS]).replace(list.map(withUid));
  return objects;
}

function withUid(object: object): KubeObject {
  const one = object as KubeObject;
  const known = { uid: `uid-of-${one.metadata.name}`, resourceVersion: "1" };
  return { ...one, metadata: Object.assign(known, one.metadata) };
}

export function aClass(name: string, fields: Fields = {}): object {
  return {
    metadata: { name },
    provisioner: "example.com/disk",
    volumeBindingMode: "Immediate",
    ...fields,
  };
}

/** Waits for a node, by its class. */
export const delayedClass = (name: string, fields: Fields = {}): object =>
  aClass(name, { volumeBindingMode: "WaitForFirstConsumer", ...fields });

export function aClaim(
  name: string,
  spec: Fields = {},
  more: { metadata?: Fields; phase?: string } = {},
): object {
  return {
    metadata: { name, namespace: "default", ...more.metadata },
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "1Gi" } },
      storageClassName: "late",
      ...spec,
    },
    status: { phase: more.phase ?? "Pending" },
  };
}

export const boundClaim = (name: string, volumeName: string, spec: Fields = {}): object =>
  aClaim(
    name,
    { volumeName, ...spec },
    { phase: "Bound", metadata: { annotations: { "pv.kubernetes.io/bind-completed": "yes" } } },
  );

export function aVolume(name: string, spec: Fields = {}, labels: Record<string, string> = {}): object {
  return {
    metadata: { name, labels },
    spec: {
      accessModes: ["ReadWriteOnce"],
      capacity: { storage: "1Gi" },
      storageClassName: "late",
      ...spec,
    },
    status: { phase: "Available" },
  };
}

export const onHost = (name: string) => ({
  nodeAffinity: {
    required: {
      nodeSelectorTerms: [
        { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [name] }] },
      ],
    },
  },
});

/** A pod's volumes for claims of these names. */
export const claiming = (...names: string[]) => ({
  volumes: names.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
});
