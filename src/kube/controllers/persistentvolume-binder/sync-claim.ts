import { quantityValue } from "../../../formats/index.ts";
import {
  BIND_COMPLETED,
  BOUND_BY_CONTROLLER,
  DEFAULT_STORAGE_CLASS_ANNOTATIONS,
  defaultClass,
  findMatchingVolume,
  hasAccessModes,
  hasStorageClass,
  hasVolumeModeOf,
  isPodTerminal,
  isVolumeBoundTo,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumes,
  SELECTED_NODE,
  storageClassNameOf,
} from "../../api/index.ts";
import { podsMentioning } from "../pvc-protection/claim-users.ts";
import { ifThere, unlessGone } from "../write-errors.ts";
import { askForVolume } from "./ask-for-volume.ts";
import type { Binder } from "./binder.ts";

/** Finds the claim its volume, or says why it has none (pv_controller.go, syncClaim). */
export async function syncClaim(binder: Binder, claim: PersistentVolumeClaim): Promise<void> {
  const isBound = claim.metadata.annotations?.[BIND_COMPLETED] !== undefined;
  const sync = isBound ? syncBound : claim.spec.volumeName ? syncChosen : syncUnbound;
  await unlessGone(sync(binder, claim));
}

/** Nobody said which volume it gets. */
async function syncUnbound(binder: Binder, claim: PersistentVolumeClaim): Promise<void> {
  const { writes, recorder, classes } = binder;
  const className = storageClassNameOf(claim);
  const isDelayed = classes.get(className)?.volumeBindingMode === "WaitForFirstConsumer";
  const volume = findMatchingVolume(claim, writes.allVolumes(), { isDelayed });
  if (volume) return writes.bind(volume, claim);
  if (await assignDefaultClass(binder, claim)) return;
  if (isDelayed && claim.metadata.annotations?.[SELECTED_NODE] === undefined) tellWaiting(binder, claim);
  else if (className !== "") return askForVolume(binder, claim);
  else {
    const message = "no persistent volumes available for this claim and no storage class is set";
    recorder.event(claim, "Normal", "FailedBinding", message);
  }
  await writes.setClaimPhase(claim, "Pending");
}

/** The claim came before there was a default class. */
async function assignDefaultClass({ writes, classes }: Binder, claim: PersistentVolumeClaim) {
  if (hasStorageClass(claim)) return false;
  const found = defaultClass([...classes.list()], ...DEFAULT_STORAGE_CLASS_ANNOTATIONS);
  if (!found) return false;
  await writes.updateClaim({ ...claim, spec: { ...claim.spec, storageClassName: found.metadata.name } });
  return true;
}

/** A node decides about the volume, so a pod must have one first. */
function tellWaiting({ pods, recorder }: Binder, claim: PersistentVolumeClaim): void {
  const waiting = podsMentioning(pods, claim)
    .filter((pod) => !isPodTerminal(pod) && !pod.spec.nodeName)
    .map(({ metadata }) => metadata.name);
  if (waiting.length === 0) {
    const message = "waiting for first consumer to be created before binding";
    recorder.event(claim, "Normal", "WaitForFirstConsumer", message);
    return;
  }
  const noun = waiting.length === 1 ? "pod" : "pods";
  const message = `waiting for ${noun} ${waiting.join(",")} to be scheduled`;
  recorder.event(claim, "Normal", "WaitForPodScheduled", message);
}

/** It names a volume, to which it is not bound yet. */
async function syncChosen({ writes, recorder }: Binder, claim: PersistentVolumeClaim): Promise<void> {
  const volume = writes.volume(claim.spec.volumeName!);
  const isReserved = volume && isVolumeBoundTo(volume, claim);
  const problem = volume && !volume.spec.claimRef ? mismatch(volume, claim) : undefined;
  if (volume && (isReserved || (!volume.spec.claimRef && problem === undefined)))
    return writes.bind(volume, claim);
  if (volume && problem !== undefined) {
    const message = `Cannot bind to requested volume "${volume.metadata.name}": ${problem}`;
    recorder.event(claim, "Warning", "VolumeMismatch", message);
  } else if (volume) {
    const message = `volume "${volume.metadata.name}" already bound to a different claim.`;
    recorder.event(claim, "Warning", "FailedBinding", message);
    // The binder never leaves a claim so; what it was is left for a person to see.
    if (claim.metadata.annotations?.[BOUND_BY_CONTROLLER] !== undefined) return;
  }
  await writes.setClaimPhase(claim, "Pending");
}

/** Why the volume that a claim names is not for it; undefined where it is. */
function mismatch(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  const size = quantityValue(volume.spec.capacity?.storage ?? "0");
  const requested = quantityValue(claim.spec.resources?.requests?.storage ?? "0");
  if (volume.metadata.deletionTimestamp !== undefined)
    return `the volume is marked for deletion "${volume.metadata.name}"`;
  if (size < requested) return "requested PV is too small";
  if (storageClassNameOf(volume) !== storageClassNameOf(claim)) return "storageClassName does not match";
  if (!hasVolumeModeOf(volume, claim)) return "incompatible volumeMode";
  return hasAccessModes(volume, claim) ? undefined : "incompatible accessMode";
}

/** It was bound: either it still is, or its data is lost. */
async function syncBound(binder: Binder, claim: PersistentVolumeClaim): Promise<void> {
  const { volumeName } = claim.spec;
  if (!volumeName)
    return lose(
      binder,
      claim,
      "ClaimLost",
      "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!",
    );
  const volume = await volumeNamed(binder, volumeName);
  if (!volume)
    return lose(
      binder,
      claim,
      "ClaimLost",
      "Bound claim has lost its PersistentVolume. Data on the volume is lost!",
    );
  const { claimRef } = volume.spec;
  if (!claimRef || claimRef.uid === claim.metadata.uid) return binder.writes.bind(volume, claim);
  const message = "Two claims are bound to the same volume, this one is bound incorrectly";
  return lose(binder, claim, "ClaimMisbound", message);
}

/** Asked live before it counts as gone: what is told of volumes may come later than what is told of claims. */
async function volumeNamed({ client, writes }: Binder, name: string): Promise<PersistentVolume | undefined> {
  return writes.volume(name) ?? (await ifThere(client.get(persistentVolumes, undefined, name)));
}

async function lose(
  { writes, recorder }: Binder,
  claim: PersistentVolumeClaim,
  reason: string,
  message: string,
): Promise<void> {
  if (claim.status?.phase === "Lost") return;
  const written = await writes.setClaimPhase(claim, "Lost");
  recorder.event(written, "Warning", reason, message);
}
