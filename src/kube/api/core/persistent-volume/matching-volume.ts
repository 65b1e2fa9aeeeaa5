import { compareQuantities, labelSelectorFrom } from "../../../../formats/index.ts";
import type { Node, PersistentVolume, PersistentVolumeClaim } from "../../generated/types.ts";
import { accessModesText } from "../access-modes.ts";
import { nodeSelectorTermMatches } from "../pod/node-selection.ts";
import { storageClassNameOf } from "../storage-class-name.ts";
import { isVolumeBoundTo } from "./claim-binding.ts";

export interface MatchOptions {
  /** Only volumes that this node reaches. */
  node?: Pick<Node, "metadata">;
  /** Volumes that others have taken meanwhile. */
  isTaken?(volume: PersistentVolume): boolean;
  /** Without a node: leaves all that nobody reserved for the claim to the scheduler. */
  isDelayed?: boolean;
}

/**
 * The volume for a claim (component-helpers' FindMatchingVolume, over the binder's index): one that is reserved for it, or
 * the smallest that is big enough. Without a node those with fewer access modes beyond the wanted ones come first.
 */
export function findMatchingVolume(
  claim: PersistentVolumeClaim,
  volumes: Iterable<PersistentVolume>,
  options: MatchOptions = {},
): PersistentVolume | undefined {
  const groups = new Map<string, PersistentVolume[]>();
  for (const volume of volumes) {
    if (!hasAccessModes(volume, claim) || !isCandidate(volume, claim, options)) continue;
    const modes = options.node ? "" : accessModesText(volume.spec.accessModes);
    const group = groups.get(modes);
    if (group) group.push(volume);
    else groups.set(modes, [volume]);
  }
  const inOrder = [...groups].sort(([one], [other]) => one.split(",").length - other.split(",").length);
  for (const [, group] of inOrder) {
    const found = bestOf(group, claim, options);
    if (found) return found;
  }
  return undefined;
}

/** The volume offers all modes that the claim asks for. */
export function hasAccessModes({ spec }: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return (claim.spec.accessModes ?? []).every((mode) => spec.accessModes?.includes(mode));
}

export function hasVolumeModeOf({ spec }: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return (spec.volumeMode ?? "Filesystem") === (claim.spec.volumeMode ?? "Filesystem");
}

/** Whether pods on the node reach the volume (component-helpers' CheckNodeAffinity). */
export function nodeReachesVolume({ metadata }: Pick<Node, "metadata">, volume: PersistentVolume): boolean {
  const required = volume.spec.nodeAffinity?.required;
  if (!required) return true;
  // Only labels count here, not the node's name.
  const node = { metadata: { ...metadata, name: "" } };
  return required.nodeSelectorTerms.some((term) => nodeSelectorTermMatches(term, node));
}

const sizeOf = ({ spec }: PersistentVolume): string => spec.capacity?.storage ?? "0";
const requestOf = ({ spec }: PersistentVolumeClaim): string => spec.resources?.requests?.storage ?? "0";

function isCandidate(volume: PersistentVolume, claim: PersistentVolumeClaim, options: MatchOptions): boolean {
  if (options.isTaken?.(volume)) return false;
  const isReserved = isVolumeBoundTo(volume, claim);
  if (volume.spec.claimRef && !isReserved) return false;
  // The cheapest first: in most clusters few volumes are free.
  if (!isReserved && (volume.status?.phase !== "Available" || isOfOtherClass(volume, claim))) return false;
  if (compareQuantities(sizeOf(volume), requestOf(claim)) < 0) return false;
  return hasVolumeModeOf(volume, claim) && volume.metadata.deletionTimestamp === undefined;
}

const isOfOtherClass = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  storageClassNameOf(volume) !== storageClassNameOf(claim);

function bestOf(
  volumes: readonly PersistentVolume[],
  claim: PersistentVolumeClaim,
  { node, isDelayed = false }: MatchOptions,
): PersistentVolume | undefined {
  const reserved = volumes.find((volume) => isVolumeBoundTo(volume, claim));
  if (reserved) return node && !nodeReachesVolume(node, reserved) ? undefined : reserved;
  if (isDelayed && !node) return undefined;
  const selector = claim.spec.selector ? labelSelectorFrom(claim.spec.selector) : undefined;
  let smallest: PersistentVolume | undefined;
  for (const volume of volumes) {
    if (selector && !selector.matches(volume.metadata.labels)) continue;
    if (node && !nodeReachesVolume(node, volume)) continue;
    if (!smallest || compareQuantities(sizeOf(volume), sizeOf(smallest)) < 0) smallest = volume;
  }
  return smallest;
}
