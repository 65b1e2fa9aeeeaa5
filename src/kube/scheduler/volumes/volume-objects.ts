import {
  type CSIDriver,
  type CSINode,
  type CSIStorageCapacity,
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  type StorageClass,
  storageClasses,
  storageClassNameOf,
  type VolumeAttachment,
  volumeAttachments,
} from "../../api/index.ts";
import type { Informer, InformerFactory } from "../../client/index.ts";
import type { ClusterEvent, StorageResource } from "../framework.ts";
import { AssumedObjects } from "./assumed-objects.ts";

const BY_CLASS = "volumes-by-class";
const BY_NODE = "attachments-by-node";

/** What scheduling knows of storage: as the informers have it, and as it will be by the scheduler's own decisions. */
export class VolumeObjects {
  readonly claims: AssumedObjects<PersistentVolumeClaim>;
  readonly volumes: AssumedObjects<PersistentVolume>;
  readonly classes: Informer<StorageClass>;
  readonly csiNodes: Informer<CSINode>;
  readonly drivers: Informer<CSIDriver>;
  readonly capacities: Informer<CSIStorageCapacity>;
  /** Without the scheduler's own decisions. */
  readonly knownClaims: Informer<PersistentVolumeClaim>;
  readonly knownVolumes: Informer<PersistentVolume>;
  readonly #attachments: Informer<VolumeAttachment>;
  readonly #waiting: (() => void)[] = [];

  constructor(informers: InformerFactory) {
    this.knownClaims = informers.informer<PersistentVolumeClaim>(persistentVolumeClaims);
    this.knownVolumes = informers.informer<PersistentVolume>(persistentVolumes);
    this.claims = new AssumedObjects(this.knownClaims);
    this.volumes = new AssumedObjects(this.knownVolumes);
    this.classes = informers.informer<StorageClass>(storageClasses);
    this.csiNodes = informers.informer<CSINode>(csiNodes);
    this.drivers = informers.informer<CSIDriver>(csiDrivers);
    this.capacities = informers.informer<CSIStorageCapacity>(csiStorageCapacities);
    this.#attachments = informers.informer<VolumeAttachment>(volumeAttachments);
    this.knownVolumes.addIndex(BY_CLASS, (volume) => [storageClassNameOf(volume)]);
    this.#attachments.addIndex(BY_NODE, ({ spec }) => [spec.nodeName]);
  }

  /** All volumes of a class, as they will be. */
  volumesOfClass(name: string): PersistentVolume[] {
    return this.knownVolumes
      .byIndex(BY_CLASS, name)
      .map((volume) => this.volumes.get(volume.metadata.name) ?? volume);
  }

  attachmentsOf(node: string): readonly VolumeAttachment[] {
    return this.#attachments.byIndex(BY_NODE, node);
  }

  async synced(signal: AbortSignal): Promise<void> {
    await Promise.all(Object.values(this.#all()).map((informer) => informer.synced(signal)));
  }

  /** Calls back for every change that may let a pod fit that waits for storage. */
  subscribe(onChange: (event: ClusterEvent) => void): (() => void)[] {
    return Object.entries(this.#all()).map(([resource, informer]) => {
      const told = (action: "Add" | "Update" | "Delete") => (): void => {
        onChange({ type: "storage", resource: resource as StorageResource, action });
        for (const wake of this.#waiting.splice(0)) wake();
      };
      return informer.subscribe({ onAdd: told("Add"), onUpdate: told("Update"), onDelete: told("Delete") });
    });
  }

  /** Resolves at the next change that `subscribe` tells of. */
  nextChange(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  // biome-ignore lint/suspicious/noExplicitAny: informers of any kind
  #all(): Record<StorageResource, Informer<any>> {
    return {
      PersistentVolumeClaim: this.knownClaims,
      PersistentVolume: this.knownVolumes,
      "storage.k8s.io/StorageClass": this.classes,
      "storage.k8s.io/CSINode": this.csiNodes,
      "storage.k8s.io/CSIDriver": this.drivers,
      "storage.k8s.io/CSIStorageCapacity": this.capacities,
      "storage.k8s.io/VolumeAttachment": this.#attachments,
    };
  }
}
