import { compareQuantities, labelSelectorFrom, quantityValue } from "../../../formats/index.ts";
import {
  findMatchingVolume,
  NO_PROVISIONER,
  type Node,
  nodeReachesVolume,
  type PersistentVolume,
  type PersistentVolumeClaim,
  SELECTED_NODE,
  type StorageClass,
  storageClassNameOf,
  type TopologySelectorTerm,
} from "../../api/index.ts";
import type { PodClaims } from "./pod-claims.ts";
import type { VolumeObjects } from "./volume-objects.ts";

/** What is to be done for a pod's claims when it goes to a node. */
export interface NodeVolumes {
  /** Volumes that are there, with their claims. */
  bindings: { volume: PersistentVolume; claim: PersistentVolumeClaim }[];
  /** Claims whose volumes are to be made for the node. */
  provisions: PersistentVolumeClaim[];
}

const NODE_CONFLICT = "node(s) didn't match PersistentVolume's node affinity";
const BIND_CONFLICT = "node(s) didn't find available persistent volumes to bind";
const NOT_ENOUGH_SPACE = "node(s) did not have enough free storage";
const NO_VOLUME = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)";

/** What the node can do for the claims, or why it cannot (binder.go, FindPodVolumes). */
export function findOnNode(claims: PodClaims, node: Node, objects: VolumeObjects): NodeVolumes | string[] {
  const found: NodeVolumes = { bindings: [], provisions: [] };
  const bound = problemOfBound(claims.bound, node, objects);
  const delayed = problemOfDelayed(claims.delayed, node, objects, found);
  // In the order in which upstream tells them.
  const reasons = [NODE_CONFLICT, BIND_CONFLICT, NOT_ENOUGH_SPACE, NO_VOLUME].filter(
    (reason) => reason === bound || reason === delayed,
  );
  return reasons.length > 0 ? reasons : found;
}

function problemOfBound(
  claims: readonly PersistentVolumeClaim[],
  node: Node,
  objects: VolumeObjects,
): string | undefined {
  for (const { spec } of claims) {
    const volume = objects.volumes.get(spec.volumeName!);
    if (!volume) return NO_VOLUME;
    if (!nodeReachesVolume(node, volume)) return NODE_CONFLICT;
  }
  return undefined;
}

function problemOfDelayed(
  claims: readonly PersistentVolumeClaim[],
  node: Node,
  objects: VolumeObjects,
  found: NodeVolumes,
): string | undefined {
  const selectedNodeOf = ({ metadata }: PersistentVolumeClaim) => metadata.annotations?.[SELECTED_NODE];
  const selected = claims.filter((claim) => selectedNodeOf(claim) !== undefined);
  if (selected.some((claim) => selectedNodeOf(claim) !== node.metadata.name)) return BIND_CONFLICT;
  const free = claims.filter((claim) => selectedNodeOf(claim) === undefined);
  const unmatched = match(free, node, objects, found);
  for (const claim of [...selected, ...unmatched]) {
    const problem = problemOfProvision(claim, node, objects);
    if (problem !== undefined) return problem;
    found.provisions.push(claim);
  }
  return undefined;
}

/** Gives the claims volumes that are there, the smallest first; returns those that are left. */
function match(
  claims: readonly PersistentVolumeClaim[],
  node: Node,
  objects: VolumeObjects,
  found: NodeVolumes,
): PersistentVolumeClaim[] {
  const chosen = new Set<string>();
  const inOrder = [...claims].sort((one, other) => compareQuantities(requestOf(one), requestOf(other)));
  return inOrder.filter((claim) => {
    const volumes = objects.volumesOfClass(storageClassNameOf(claim));
    const isTaken = ({ metadata }: PersistentVolume) => chosen.has(metadata.name);
    const volume = findMatchingVolume(claim, volumes, { node, isTaken, isDelayed: true });
    if (!volume) return true;
    chosen.add(volume.metadata.name);
    found.bindings.push({ volume, claim });
    return false;
  });
}

function problemOfProvision(
  claim: PersistentVolumeClaim,
  node: Node,
  objects: VolumeObjects,
): string | undefined {
  const storageClass = objects.classes.get(storageClassNameOf(claim));
  if (!storageClass || storageClass.provisioner === NO_PROVISIONER) return BIND_CONFLICT;
  if (!isInTopology(node, storageClass.allowedTopologies)) return BIND_CONFLICT;
  return hasCapacity(claim, storageClass, node, objects) ? undefined : NOT_ENOUGH_SPACE;
}

function isInTopology({ metadata }: Node, terms: readonly TopologySelectorTerm[] = []): boolean {
  if (terms.length === 0) return true;
  return terms.some(({ matchLabelExpressions = [] }) =>
    // A term that says nothing matches no node.
    matchLabelExpressions.length === 0
      ? false
      : matchLabelExpressions.every(({ key, values }) => values.includes(metadata.labels?.[key] ?? "")),
  );
}

/** Whether the driver, if it tells of its capacity, has room for the claim where the node reaches it. */
function hasCapacity(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  { metadata }: Node,
  { drivers, capacities }: VolumeObjects,
): boolean {
  if (!drivers.get(storageClass.provisioner)?.spec.storageCapacity) return true;
  const sizeBytes = quantityValue(requestOf(claim));
  for (const { storageClassName, maximumVolumeSize, capacity, nodeTopology } of capacities.list()) {
    if (storageClassName !== storageClass.metadata.name || !nodeTopology) continue;
    const limit = maximumVolumeSize ?? capacity;
    if (limit === undefined || quantityValue(limit) < sizeBytes) continue;
    if (labelSelectorFrom(nodeTopology).matches(metadata.labels)) return true;
  }
  return false;
}

const requestOf = ({ spec }: PersistentVolumeClaim): string => spec.resources?.requests?.storage ?? "0";
