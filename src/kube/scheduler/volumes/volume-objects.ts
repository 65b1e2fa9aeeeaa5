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
    await Promise.all(this.#all().map((informer) => informer.synced(signal)));
  }

  /** Calls back for every change that may let a pod fit that waits for storage. */
  subscribe(onChange: () => void): (() => void)[] {
    const changed = (): void => {
      onChange();
      for (const wake of this.#waiting.splice(0)) wake();
    };
    return this.#all().map((informer) =>
      informer.subscribe({ onAdd: changed, onUpdate: changed, onDelete: changed }),
    );
  }

  /** Resolves at the next change that `subscribe` tells of. */
  nextChange(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  // biome-ignore lint/suspicious/noExplicitAny: informers of any kind
  #all(): Informer<any>[] {
    const { knownClaims, knownVolumes, classes, csiNodes, drivers, capacities } = this;
    return [knownClaims, knownVolumes, classes, csiNodes, drivers, capacities, this.#attachments];
  }
}
