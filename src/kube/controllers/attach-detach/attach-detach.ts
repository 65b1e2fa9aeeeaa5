import { isGantryError } from "../../../base/index.ts";
import { jsonEquals } from "../../../formats/index.ts";
import {
  type CSIDriver,
  claimNamesOf,
  isPodTerminal,
  type Node,
  nodes as nodesResource,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  type VolumeAttachment,
  volumeAttachments,
} from "../../api/index.ts";
import type { Informer } from "../../client/index.ts";
import type { ControllerDependencies, Enqueue } from "../controller.ts";
import { unlessGone } from "../write-errors.ts";
import {
  attachableVolume,
  attachmentName,
  isOutOfService,
  isOwn,
  isReady,
  isShared,
  uniqueVolumeName,
  volumeNameOf,
  type WantedAttachment,
} from "./attachment.ts";
import type { Attachments } from "./attachments.ts";
import { podsThatMayNeed } from "./pods-that-may-need.ts";

export interface AttachDetachSources {
  pods: Informer<Pod>;
  nodes: Informer<Node>;
  claims: Informer<PersistentVolumeClaim>;
  volumes: Informer<PersistentVolume>;
  drivers: Informer<CSIDriver>;
  attachments: Attachments;
  /** Nodes of the pods that use a volume. */
  nodesWanting: (volumeName: string) => Iterable<string>;
}

interface Wanted extends WantedAttachment {
  pods: Pod[];
}

/** Upstream's maxWaitForUnmountDuration: after that nobody waits for a node that is not ready to be done with a volume. */
const UNMOUNT_WAIT_MS = 6 * 60_000;

/** Brings what is attached to one node to what its pods want (attachdetach/reconciler). One node is looked at at a time. */
export class AttachDetach {
  readonly #dependencies: ControllerDependencies;
  readonly #sources: AttachDetachSources;
  /** Since when each attachment is to go. */
  readonly #unwantedSinceMs = new Map<string, number>();
  /** Of whom it was told already that another node has the volume. */
  readonly #toldBusy = new Set<string>();

  constructor(dependencies: ControllerDependencies, sources: AttachDetachSources) {
    this.#dependencies = dependencies;
    this.#sources = sources;
  }

  async reconcile(nodeName: string, enqueue: Enqueue): Promise<void> {
    const node = this.#sources.nodes.get(nodeName);
    const wanted = this.#wantedOn(nodeName);
    for (const attachment of this.#sources.attachments.on(nodeName)) {
      const name = attachment.metadata.name;
      if (wanted.has(name)) this.#unwantedSinceMs.delete(name);
      else if (isOwn(attachment)) await this.#detach(attachment, node, enqueue);
    }
    if (!node) return;
    for (const [name, one] of wanted) await this.#attach(name, one, nodeName);
    await this.#tellNode(node, wanted);
  }

  /** By the names of their attachments. */
  #wantedOn(nodeName: string): Map<string, Wanted> {
    const { pods, claims, volumes, drivers } = this.#sources;
    const found = new Map<string, Wanted>();
    for (const pod of podsThatMayNeed(pods, nodeName)) {
      if (isPodTerminal(pod)) continue;
      const { namespace } = pod.metadata;
      for (const claimName of claimNamesOf(pod)) {
        const claim = claims.get(`${namespace}/${claimName}`);
        const volume = claim?.spec?.volumeName ? volumes.get(claim.spec.volumeName) : undefined;
        // A claim that another one of its name had before is not bound to this volume.
        if (volume?.spec?.claimRef?.uid !== claim?.metadata.uid) continue;
        const one = attachableVolume(volume, (name) => drivers.get(name));
        if (!one) continue;
        const name = attachmentName(one, nodeName);
        const known = found.get(name) ?? { ...one, pods: [] };
        known.pods.push(pod);
        found.set(name, known);
      }
    }
    return found;
  }

  async #attach(name: string, { volume, driver, pods }: Wanted, nodeName: string): Promise<void> {
    const { attachments } = this.#sources;
    const known = attachments.get(name);
    const persistentVolumeName = volume.metadata.name;
    if (known) return this.#tellOutcome(known, pods, persistentVolumeName);
    const elsewhere = attachments.of(persistentVolumeName).filter(({ spec }) => spec.nodeName !== nodeName);
    if (!isShared(volume) && elsewhere.length > 0) return this.#tellBusy(name, pods, volume, elsewhere);
    this.#toldBusy.delete(name);
    const spec = { attacher: driver, nodeName, source: { persistentVolumeName } };
    try {
      attachments.note(
        await this.#dependencies.client.create(volumeAttachments, { metadata: { name }, spec }),
      );
    } catch (error) {
      // It was made before, and has not been seen yet.
      if (!isGantryError(error, "AlreadyExists")) throw error;
    }
  }

  /** Once for each change of it. */
  #tellOutcome({ metadata, status }: VolumeAttachment, pods: readonly Pod[], volumeName: string): void {
    const { recorder } = this.#dependencies;
    const { message } = status?.attachError ?? {};
    const outcome = message === undefined ? String(status?.attached ?? false) : `failed: ${message}`;
    if (!this.#sources.attachments.isNews(metadata.name, outcome)) return;
    for (const pod of pods) {
      if (message !== undefined) {
        const what = `AttachVolume.Attach failed for volume "${volumeName}" : ${message}`;
        recorder.event(pod, "Warning", "FailedAttachVolume", what);
      } else if (status?.attached) {
        const what = `AttachVolume.Attach succeeded for volume "${volumeName}" `;
        recorder.event(pod, "Normal", "SuccessfulAttachVolume", what);
      }
    }
  }

  /** reconciler.reportMultiAttachError */
  #tellBusy(
    name: string,
    pods: readonly Pod[],
    { metadata }: PersistentVolume,
    elsewhere: readonly VolumeAttachment[],
  ): void {
    if (this.#toldBusy.has(name)) return;
    this.#toldBusy.add(name);
    const users = elsewhere.flatMap(({ spec }) =>
      [...this.#wantedOn(spec.nodeName).values()]
        .filter(({ volume }) => volume.metadata.name === metadata.name)
        .flatMap((one) => one.pods),
    );
    for (const pod of pods) {
      const { namespace } = pod.metadata;
      const here = users
        .filter((one) => one.metadata.namespace === namespace)
        .map((one) => one.metadata.name);
      const others = users.length - here.length;
      const by =
        here.length > 0
          ? `Volume is already used by pod(s) ${here.join(", ")}${others > 0 ? ` and ${others} pod(s) in different namespaces` : ""}`
          : others > 0
            ? `Volume is already used by ${others} pod(s) in different namespaces`
            : "Volume is already exclusively attached to one node and can't be attached to another";
      const what = `Multi-Attach error for volume "${metadata.name}" ${by}`;
      this.#dependencies.recorder.event(pod, "Warning", "FailedAttachVolume", what);
    }
  }

  async #detach(attachment: VolumeAttachment, node: Node | undefined, enqueue: Enqueue): Promise<void> {
    const { name, uid, deletionTimestamp } = attachment.metadata;
    if (deletionTimestamp) return;
    const nowMs = this.#dependencies.clock.monotonicMs();
    const sinceMs = this.#unwantedSinceMs.get(name) ?? nowMs;
    this.#unwantedSinceMs.set(name, sinceMs);
    if (node && !isOutOfService(node) && this.#isInUse(attachment, node)) {
      // The node's next status brings it here again; one that is silent is waited for no longer than that.
      const waitMs = sinceMs + UNMOUNT_WAIT_MS - nowMs;
      if (waitMs > 0) enqueue(node.metadata.name, waitMs);
      if (waitMs > 0 || isReady(node)) return;
    }
    const { client } = this.#dependencies;
    await unlessGone(client.delete(volumeAttachments, undefined, name, { preconditions: { uid: uid! } }));
    this.#unwantedSinceMs.delete(name);
    if (this.#sources.attachments.isUnseen(name)) await this.#lookAgain(attachment, enqueue);
  }

  /** Of one that came and went before it was seen nobody will hear. */
  async #lookAgain(attachment: VolumeAttachment, enqueue: Enqueue): Promise<void> {
    const { attachments, nodesWanting } = this.#sources;
    try {
      const { name } = attachment.metadata;
      attachments.note(await this.#dependencies.client.get(volumeAttachments, undefined, name));
    } catch (error) {
      if (!isGantryError(error, "NotFound")) throw error;
      attachments.gone(attachment);
      for (const nodeName of nodesWanting(volumeNameOf(attachment))) enqueue(nodeName);
    }
  }

  #isInUse(attachment: VolumeAttachment, node: Node): boolean {
    const csi = this.#sources.volumes.get(volumeNameOf(attachment))?.spec?.csi;
    if (!csi) return false;
    const unique = uniqueVolumeName({ driver: csi.driver, handle: csi.volumeHandle });
    return (node.status?.volumesInUse ?? []).includes(unique);
  }

  /** The kubelet mounts what stands there. */
  async #tellNode(node: Node, wanted: ReadonlyMap<string, Wanted>): Promise<void> {
    const { attachments, volumes, drivers } = this.#sources;
    const attached = attachments
      .on(node.metadata.name)
      .filter(({ status, metadata }) => status?.attached && !metadata.deletionTimestamp)
      .flatMap((one) => {
        const known =
          wanted.get(one.metadata.name) ??
          attachableVolume(volumes.get(volumeNameOf(one)), (name) => drivers.get(name));
        return known ? [{ name: uniqueVolumeName(known), devicePath: "" }] : [];
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    if (jsonEquals(attached, node.status?.volumesAttached ?? [])) return;
    const body = { status: { volumesAttached: attached } };
    await unlessGone(
      this.#dependencies.client.patch(nodesResource, undefined, node.metadata.name, "merge", body, {
        subresource: "status",
      }),
    );
  }
}
