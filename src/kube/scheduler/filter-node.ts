import type { Pod } from "../api/index.ts";
import type { Refusal, SchedulingPlugin } from "./framework.ts";
import type { NodeInfo } from "./node-info.ts";
import type { Nominator } from "./nominator.ts";
import { type PodInfo, podInfoOf } from "./pod-info.ts";

/** A plugin with what it has prepared for a pod. */
export interface Prepared {
  plugin: SchedulingPlugin<unknown>;
  state: unknown;
}

export interface NodeRefusal {
  node: NodeInfo;
  plugin: SchedulingPlugin<unknown>;
  reasons: readonly Refusal[];
}

/** Whether pods that go from the node may change it. */
export const isResolvable = ({ reasons }: NodeRefusal): boolean => !reasons.some((one) => one.unresolvable);

/**
 * Why the pod does not fit on the node, with those that have it in prospect and are at least as important there, and without
 * them: they may not come, after all. The first plugin that refuses speaks for the node.
 */
export function refuseNode(
  pod: Pod,
  node: NodeInfo,
  filters: readonly Prepared[],
  nominator: Nominator,
): NodeRefusal | undefined {
  if (!nominator.isEmpty) {
    const expected = expectedOn(pod, node, nominator);
    const refusal = expected.length === 0 ? undefined : refuseWith(pod, node, filters, expected);
    if (refusal) return refusal;
  }
  return refuse(pod, node, filters);
}

function expectedOn(pod: Pod, node: NodeInfo, nominator: Nominator): PodInfo[] {
  const { priority } = podInfoOf(pod);
  return [...nominator.on(node.name)].filter(
    (other) => other.priority >= priority && other.pod.metadata.uid !== pod.metadata.uid,
  );
}

function refuseWith(
  pod: Pod,
  node: NodeInfo,
  filters: readonly Prepared[],
  others: readonly PodInfo[],
): NodeRefusal | undefined {
  const trial = node.copy();
  for (const other of others) {
    trial.addPod(other);
    tellMoved(pod, trial, filters, other, 1);
  }
  const refusal = refuse(pod, trial, filters);
  for (const other of others) tellMoved(pod, trial, filters, other, -1);
  return refusal && { ...refusal, node };
}

/** Tells the plugins that another pod is on the node now, or no more. */
export function tellMoved(
  pod: Pod,
  node: NodeInfo,
  filters: readonly Prepared[],
  other: PodInfo,
  sign: 1 | -1,
): void {
  for (const { plugin, state } of filters) plugin.podMoved?.(state, pod, { other, node, sign });
}

function refuse(pod: Pod, node: NodeInfo, filters: readonly Prepared[]): NodeRefusal | undefined {
  for (const { plugin, state } of filters) {
    const reasons = plugin.filter!(pod, node, state);
    if (reasons !== undefined && reasons.length > 0) return { node, plugin, reasons };
  }
  return undefined;
}
