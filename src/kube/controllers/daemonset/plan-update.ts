import type { Pod } from "../../api/index.ts";
import { isUpdated } from "./daemon-pod.ts";
import { type DaemonPass, isAvailable, type PodChanges } from "./plan-pods.ts";
import { isTerminating } from "./pods-by-node.ts";
import { surgeOf, unavailableOf } from "./update-bounds.ts";

/** A node, what it has of the present template, and of older ones. */
interface NodePods {
  name: string;
  newPod: Pod | undefined;
  oldPod: Pod | undefined;
  /** More than one of a kind: they go before anything else happens. */
  isCrowded: boolean;
  shouldRun: boolean;
}

/** Which outdated pods go now, and which nodes get a second pod, within what the strategy allows (upstream's rollingUpdate). */
export function planUpdate(pass: DaemonPass): PodChanges {
  const nodes = nodesOf(pass);
  const desired = nodes.filter(({ shouldRun }) => shouldRun).length;
  const maxSurge = surgeOf(pass.set, desired);
  if (maxSurge > 0) return planSurge(pass, nodes, maxSurge, desired);
  return planReplacement(pass, nodes, unavailableOf(pass.set, desired));
}

/** Those that have pods, or should. */
function nodesOf({ set, hash, placements, byNode }: DaemonPass): NodePods[] {
  const meant = [...placements].filter(([, { shouldRun }]) => shouldRun).map(([name]) => name);
  return [...new Set([...byNode.keys(), ...meant])].map((name) => {
    const pods = (byNode.get(name) ?? []).filter((pod) => !isTerminating(pod));
    const updated = pods.filter((pod) => isUpdated(set, pod, hash));
    const outdated = pods.filter((pod) => !updated.includes(pod));
    const shouldRun = placements.get(name)?.shouldRun === true;
    const isCrowded = updated.length > 1 || outdated.length > 1;
    return { name, newPod: updated[0], oldPod: outdated[0], isCrowded, shouldRun };
  });
}

/** Old pods go one by one, and those that are not available at once; new ones come where there is none. */
function planReplacement(pass: DaemonPass, nodes: readonly NodePods[], maxUnavailable: number): PodChanges {
  const [broken, candidates]: Pod[][] = [[], []];
  let unavailable = 0;
  for (const { newPod, oldPod, isCrowded } of nodes) {
    if (isCrowded || Boolean(oldPod) === Boolean(newPod)) unavailable++;
    else if (newPod) unavailable += isAvailable(pass, newPod) ? 0 : 1;
    else if (isAvailable(pass, oldPod!)) candidates!.push(oldPod!);
    else {
      broken!.push(oldPod!);
      unavailable++;
    }
  }
  return {
    nodes: [],
    pods: [...broken!, ...candidates!.slice(0, Math.max(0, maxUnavailable - unavailable))],
  };
}

/** New pods come beside old ones, which go once those are available. */
function planSurge(
  pass: DaemonPass,
  nodes: readonly NodePods[],
  maxSurge: number,
  desired: number,
): PodChanges {
  const plan = { go: [] as Pod[], leaveNode: [] as Pod[], come: [] as string[], candidates: [] as string[] };
  let surging = 0;
  let available = 0;
  for (const { name, newPod, oldPod, isCrowded, shouldRun } of nodes) {
    if (isCrowded) {
      surging++;
      continue;
    }
    const serving = oldPod ?? newPod;
    if (serving && isAvailable(pass, serving)) available++;
    if (!oldPod) continue;
    const isServing = isAvailable(pass, oldPod);
    if (!newPod) {
      if (!shouldRun) (isServing ? plan.leaveNode : plan.go).push(oldPod);
      else (isServing ? plan.candidates : plan.come).push(name);
    } else if (isAvailable(pass, newPod)) plan.go.push(oldPod);
    else surging++;
  }
  return {
    nodes: [...plan.come, ...plan.candidates.slice(0, Math.max(0, maxSurge - surging))],
    // Where a node is no longer meant, its pod goes when as many as are wanted are available without it.
    pods: [...plan.go, ...plan.leaveNode.slice(0, Math.max(0, available - desired))],
  };
}
