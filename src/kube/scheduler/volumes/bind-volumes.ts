import type { Clock } from "../../../base/index.ts";
import { GantryError } from "../../../base/index.ts";
import {
  type Node,
  nodeReachesVolume,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  SELECTED_NODE,
} from "../../api/index.ts";
import type { KubeClient } from "../../client/index.ts";
import type { NodeVolumes } from "./find-on-node.ts";
import { isFullyBound } from "./pod-claims.ts";
import type { VolumeObjects } from "./volume-objects.ts";

export interface BindVolumesOptions {
  client: KubeClient;
  clock: Clock;
  objects: VolumeObjects;
  nodeOf(name: string): Node | undefined;
  /** Whether the pod still waits to be bound. */
  isWaiting(pod: Pod): boolean;
  /** Until it counts as failed; 10 minutes where nothing is said. */
  timeoutMs?: number;
}

const TIMEOUT_MS = 600_000;
/** Should an event be lost. */
const LOOK_AGAIN_MS = 1_000;

const keyOf = ({ metadata }: PersistentVolumeClaim): string => `${metadata.namespace}/${metadata.name}`;
const failed = (message: string) => new GantryError("Unavailable", message, { code: "Scheduler.Volumes" });

/** Writes what was decided for the pod's claims, and waits until others have bound them. Throws where that fails. */
export async function bindVolumes(
  pod: Pod,
  nodeName: string,
  decided: NodeVolumes,
  options: BindVolumesOptions,
): Promise<void> {
  const written = await write(decided, options);
  const { clock, objects } = options;
  const untilMs = clock.monotonicMs() + (options.timeoutMs ?? TIMEOUT_MS);
  while (!areBound(pod, nodeName, written, options)) {
    if (clock.monotonicMs() > untilMs) throw failed("binding volumes: context deadline exceeded");
    await changed(objects, clock);
  }
}

async function write(
  { bindings, provisions }: NodeVolumes,
  options: BindVolumesOptions,
): Promise<NodeVolumes> {
  const { client, objects } = options;
  const written: NodeVolumes = { bindings: [], provisions: [] };
  for (const { volume, claim } of bindings) {
    const isDecided = volume !== objects.knownVolumes.get(volume.metadata.name);
    const next = isDecided ? await client.update(persistentVolumes, volume) : volume;
    objects.volumes.assume(next.metadata.name, next);
    written.bindings.push({ volume: next, claim });
  }
  for (const claim of provisions) {
    const next = await client.update(persistentVolumeClaims, claim);
    objects.claims.assume(keyOf(next), next);
    written.provisions.push(next);
  }
  return written;
}

/** Whether all that was decided has come about. Throws when it no longer can. */
function areBound(
  pod: Pod,
  nodeName: string,
  { bindings, provisions }: NodeVolumes,
  { objects, nodeOf, isWaiting }: BindVolumesOptions,
): boolean {
  const node = nodeOf(nodeName);
  if (!node) throw failed(`binding volumes: failed to get node "${nodeName}"`);
  if (!isWaiting(pod)) throw failed(`binding volumes: pod does not exist any more`);
  const isStale = (known: string, own: string): boolean => Number(own) > Number(known);
  const reaches = (name: string): boolean => {
    const volume = objects.knownVolumes.get(name);
    if (volume && !nodeReachesVolume(node, volume))
      throw failed(`binding volumes: pv "${name}" node affinity doesn't match node "${nodeName}"`);
    return volume !== undefined;
  };
  for (const { volume, claim } of bindings) {
    const { name, resourceVersion } = volume.metadata;
    const known = objects.knownVolumes.get(name);
    const knownClaim = objects.knownClaims.get(keyOf(claim));
    if (!known || !knownClaim) throw failed("binding volumes: failed to check binding: it is gone");
    if (isStale(known.metadata.resourceVersion, resourceVersion) || !reaches(name)) return false;
    if (!known.spec.claimRef?.uid) throw failed(`binding volumes: ClaimRef got reset for pv "${name}"`);
    if (!isFullyBound(knownClaim)) return false;
  }
  for (const { metadata } of provisions) {
    const known = objects.knownClaims.get(`${metadata.namespace}/${metadata.name}`);
    if (!known) throw failed("binding volumes: failed to check provisioning pvc: it is gone");
    if (isStale(known.metadata.resourceVersion, metadata.resourceVersion)) return false;
    if (known.metadata.annotations?.[SELECTED_NODE] !== nodeName)
      throw failed(`binding volumes: provisioning failed for PVC "${metadata.name}"`);
    if (known.spec.volumeName && !reaches(known.spec.volumeName)) return false;
    if (!isFullyBound(known)) return false;
  }
  return true;
}

/** Resolves when something has changed, or after a while. */
async function changed(objects: VolumeObjects, clock: Clock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(LOOK_AGAIN_MS, resolve, { unref: true });
  await Promise.race([promise, objects.nextChange()]);
  cancel();
}
