import type { Clock } from "../../../base/index.ts";
import type { DaemonSet, Pod } from "../../api/index.ts";
import type { EndedPods } from "../ended-pods.ts";
import { availableInMs, isReady } from "../pod-state.ts";
import { REVISION_HASH } from "./daemon-pod.ts";
import { isTerminating, oldestFirst } from "./pods-by-node.ts";
import type { Placement } from "./should-run.ts";
import { surgeOf } from "./update-bounds.ts";

/** What is to happen to the set's pods. */
export interface PodChanges {
  /** Names of nodes that are to get a pod. */
  nodes: string[];
  pods: Pod[];
}

/** What a pass knows. */
export interface DaemonPass {
  set: DaemonSet;
  /** Of the present template's revision. */
  hash: string;
  /** Of all nodes, by their names. */
  placements: ReadonlyMap<string, Placement>;
  byNode: ReadonlyMap<string, readonly Pod[]>;
  clock: Clock;
}

/** Something to tell of a pod that ended, and when to look again where one has to wait. */
export interface OnEnded {
  failures: EndedPods;
  onEnded(pod: Pod, nodeName: string): void;
  recheckIn(ms: number): void;
}

export const isAvailable = ({ set, clock }: DaemonPass, pod: Pod): boolean =>
  availableInMs(pod, set.spec.minReadySeconds ?? 0, clock) === 0;

/** Which nodes lack a pod, and which pods have to go, leaving updates aside (upstream's manage). */
export function planPods(pass: DaemonPass, ended: OnEnded): PodChanges {
  const changes: PodChanges = { nodes: [], pods: [] };
  for (const [name, placement] of pass.placements) planOnNode(pass, name, placement, ended, changes);
  changes.pods.push(...unscheduledWithoutNode(pass));
  return changes;
}

function planOnNode(
  pass: DaemonPass,
  name: string,
  { shouldRun, shouldContinue }: Placement,
  ended: OnEnded,
  changes: PodChanges,
): void {
  const present = pass.byNode.get(name);
  if (present === undefined) {
    if (shouldRun) changes.nodes.push(name);
    return;
  }
  const staying = present.filter((pod) => !isTerminating(pod));
  if (!shouldContinue) {
    changes.pods.push(...staying);
    return;
  }
  const running = staying.filter(({ status }) => status?.phase !== "Failed" && status?.phase !== "Succeeded");
  const over = staying.filter((pod) => !running.includes(pod));
  changes.pods.push(...over.filter((pod) => mayGo(pass, pod, name, ended)));
  if (surgeOf(pass.set, 1) === 0) changes.pods.push(...oldestFirst(running).slice(1));
  else if (running.length > 1) changes.pods.push(...superseded(pass, oldestFirst(running)));
  // Where pods may surge the node does not wait for one that is on its way out.
  else if (running.length === 0 && shouldRun) changes.nodes.push(name);
}

/** Failed pods go by and by: the kubelet may refuse each that comes. */
function mayGo({ set }: DaemonPass, pod: Pod, nodeName: string, ended: OnEnded): boolean {
  if (pod.status?.phase === "Failed") {
    const place = `${set.metadata.uid}/${set.status?.observedGeneration ?? 0}/${nodeName}`;
    const waitMs = ended.failures.remainingMs(place);
    if (waitMs > 0) {
      ended.recheckIn(waitMs);
      return false;
    }
    ended.failures.note(place);
  }
  ended.onEnded(pod, nodeName);
  return true;
}

/**
 * Of several pods on a node, where they may surge, one of the present template and one of an older one stay: the old one for as
 * long as it is ready and the new one is not available.
 */
function superseded(pass: DaemonPass, pods: readonly Pod[]): Pod[] {
  const isNew = (pod: Pod) => pod.metadata.labels?.[REVISION_HASH] === pass.hash;
  const newPod = pods.find(isNew);
  const oldPod = pods.find((pod) => !isNew(pod));
  const surplus = pods.filter((pod) => pod !== newPod && pod !== oldPod);
  if (!newPod || !oldPod) return surplus;
  return !isReady(oldPod) || isAvailable(pass, newPod) ? [...surplus, oldPod] : surplus;
}

/** Pods for nodes that are gone: nobody else will ever see them. */
function unscheduledWithoutNode({ placements, byNode }: DaemonPass): Pod[] {
  return [...byNode]
    .filter(([name]) => !placements.has(name))
    .flatMap(([, pods]) => pods.filter((pod) => !pod.spec.nodeName && !isTerminating(pod)));
}
