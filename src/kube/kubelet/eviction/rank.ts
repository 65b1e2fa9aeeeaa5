import type { Pod } from "../../api/index.ts";
import { bytesOf, podRequests } from "../containers/resources.ts";
import type { PodUsage } from "./pod-usage.ts";
import { amountText, type EvictionThreshold, type Observation, type StarvedResource } from "./thresholds.ts";

export interface RankedPod {
  pod: Pod;
  usage: PodUsage;
}

/**
 * Who is to go first: pods that take more than they asked for, then those of less priority, then those that take the most
 * beyond what they asked for (upstream's order for memory and disk).
 */
export function inEvictionOrder(pods: readonly RankedPod[], resource: StarvedResource): RankedPod[] {
  const excess = ({ pod, usage }: RankedPod) => used(usage, resource) - requested(pod, resource);
  const priority = ({ pod }: RankedPod) => pod.spec.priority ?? 0;
  return [...pods].sort(
    (a, b) =>
      Number(excess(b) > 0) - Number(excess(a) > 0) || priority(a) - priority(b) || excess(b) - excess(a),
  );
}

function used({ memoryBytes, disk }: PodUsage, resource: StarvedResource): number {
  if (resource === "memory") return memoryBytes;
  return resource === "inodes" ? disk.inodes : disk.bytes;
}

function requested(pod: Pod, resource: StarvedResource): number {
  if (resource === "memory") return podRequests(pod).memoryBytes;
  return pod.spec.containers.reduce((sum, { resources }) => sum + bytesOf(resources?.requests, resource), 0);
}

/** Upstream's words, with the blank at their end. */
export function evictionMessage(
  { pod, usage }: RankedPod,
  { resource, minimum, format }: EvictionThreshold,
  { available, capacity }: Observation,
): string {
  const words = [
    `The node was low on resource: ${resource}. `,
    `Threshold quantity: ${amountText(minimum(capacity), format)}, available: ${amountText(available, format)}. `,
  ];
  for (const { name, memoryBytes, diskBytes } of usage.containers) {
    const container = pod.spec.containers.find((one) => one.name === name);
    if (!container || resource === "inodes") continue;
    const usedBytes = resource === "memory" ? memoryBytes : diskBytes;
    if (usedBytes <= bytesOf(container.resources?.requests, resource)) continue;
    const request = container.resources?.requests?.[resource] ?? "0";
    words.push(
      `Container ${name} was using ${amountText(usedBytes, "BinarySI")}, request is ${request}, has larger consumption of ${resource}. `,
    );
  }
  return words.join("");
}
