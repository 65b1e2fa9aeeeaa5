import { jsonEquals } from "../../../formats/index.ts";
import {
  BIND_COMPLETED,
  BOUND_BY_CONTROLLER,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  volumeBoundTo,
} from "../../api/index.ts";
import type { Informer, KubeClient } from "../../client/index.ts";
import { keyOf } from "../object-key.ts";
import { OwnWrites } from "../own-writes.ts";

export interface BinderWritesOptions {
  client: KubeClient;
  volumes: Informer<PersistentVolume>;
  claims: Informer<PersistentVolumeClaim>;
}

/**
 * Volumes and claims as they were written here last, and every write to them. A binding is four writes, each of which only
 * says what is not said yet, so that it can be taken up after any of them.
 */
export class BinderWrites {
  readonly #options: BinderWritesOptions;
  readonly #volumes: OwnWrites<PersistentVolume>;
  readonly #claims: OwnWrites<PersistentVolumeClaim>;

  constructor(options: BinderWritesOptions) {
    this.#options = options;
    this.#volumes = new OwnWrites(options.volumes);
    this.#claims = new OwnWrites(options.claims);
  }

  volume(name: string): PersistentVolume | undefined {
    return this.#volumes.newest(name);
  }

  *allVolumes(): Iterable<PersistentVolume> {
    for (const known of this.#options.volumes.list()) yield this.volume(keyOf(known)) ?? known;
  }

  claim(key: string): PersistentVolumeClaim | undefined {
    return this.#claims.newest(key);
  }

  forgetVolume(name: string): void {
    this.#volumes.forget(name);
  }

  forgetClaim(key: string): void {
    this.#claims.forget(key);
  }

  /** Lets the two point to each other, the volume first: nobody else can then take it. */
  async bind(volume: PersistentVolume, claim: PersistentVolumeClaim): Promise<void> {
    const bound = volumeBoundTo(volume, claim);
    const reserved = bound === volume ? volume : await this.updateVolume(bound);
    const inUse = await this.setVolumePhase(reserved, "Bound");
    const pointing = await this.#pointTo(claim, inUse);
    await this.setClaimPhase(pointing, "Bound", inUse);
  }

  /** Takes back what the binder chose; what a person reserved stays reserved for the name. */
  async unbind(volume: PersistentVolume): Promise<void> {
    const { [BOUND_BY_CONTROLLER]: chosen, ...annotations } = volume.metadata.annotations ?? {};
    const { claimRef, ...spec } = volume.spec;
    const { uid: _uid, ...reservation } = claimRef ?? {};
    const free =
      chosen === undefined
        ? { ...volume, spec: { ...spec, claimRef: reservation } }
        : { ...volume, metadata: { ...volume.metadata, annotations }, spec };
    await this.setVolumePhase(await this.updateVolume(free), "Available");
  }

  async setVolumePhase(volume: PersistentVolume, phase: string, message = ""): Promise<PersistentVolume> {
    if (volume.status?.phase === phase) return volume;
    const { message: _before, ...rest } = volume.status ?? {};
    const status = { ...rest, phase, ...(message ? { message } : {}) };
    const written = await this.#options.client.updateStatus(persistentVolumes, { ...volume, status });
    this.#volumes.note(written);
    return written;
  }

  /** The phase, and what the volume offers as the claim shows it. */
  async setClaimPhase(
    claim: PersistentVolumeClaim,
    phase: string,
    volume?: PersistentVolume,
  ): Promise<PersistentVolumeClaim> {
    const { accessModes: _modes, capacity: _capacity, ...rest } = claim.status ?? {};
    const offer = volume && {
      accessModes: volume.spec.accessModes,
      // Once it is bound, the size is told by whoever resizes.
      capacity: claim.status?.phase === phase ? claim.status.capacity : volume.spec.capacity,
    };
    const status = { ...rest, phase, ...offer };
    if (jsonEquals(status, claim.status)) return claim;
    const written = await this.#options.client.updateStatus(persistentVolumeClaims, { ...claim, status });
    this.#claims.note(written);
    return written;
  }

  async updateClaim(claim: PersistentVolumeClaim): Promise<PersistentVolumeClaim> {
    const written = await this.#options.client.update(persistentVolumeClaims, claim);
    this.#claims.note(written);
    return written;
  }

  async updateVolume(volume: PersistentVolume): Promise<PersistentVolume> {
    const written = await this.#options.client.update(persistentVolumes, volume);
    this.#volumes.note(written);
    return written;
  }

  async #pointTo(claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<PersistentVolumeClaim> {
    const { annotations = {} } = claim.metadata;
    const isChosenHere = claim.spec.volumeName !== volume.metadata.name;
    if (!isChosenHere && annotations[BIND_COMPLETED] !== undefined) return claim;
    const marks: Record<string, string> = { [BIND_COMPLETED]: "yes" };
    if (isChosenHere) marks[BOUND_BY_CONTROLLER] = "yes";
    return this.updateClaim({
      ...claim,
      metadata: { ...claim.metadata, annotations: { ...annotations, ...marks } },
      spec: { ...claim.spec, volumeName: volume.metadata.name },
    });
  }
}
