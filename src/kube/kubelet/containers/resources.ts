import type { LinuxContainerResources } from "../../../cri/types.ts";
import { compareQuantities, quantityMilliValue, quantityValue } from "../../../formats/index.ts";
import type { Container, Pod } from "../../api/index.ts";
import { isSidecar } from "../naming.ts";

export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

export type ResourceList = Record<string, string>;

const MIN_SHARES = 2;
const MAX_SHARES = 262_144;
const SHARES_PER_CPU = 1024;
const CPU_PERIOD_US = 100_000;
const MIN_QUOTA_US = 1000;

/** What a pod or container asks for, in the units that the kernel takes. */
export interface Amounts {
  cpuMilli: number;
  memoryBytes: number;
}

export function cpuMilliOf(list: ResourceList | undefined): number {
  return list?.cpu === undefined ? 0 : quantityMilliValue(String(list.cpu));
}

export function bytesOf(list: ResourceList | undefined, resource: string): number {
  const quantity = list?.[resource];
  return quantity === undefined ? 0 : quantityValue(String(quantity));
}

/** Guaranteed, Burstable or BestEffort from the CPU and memory of all containers (upstream's ComputePodQOS). */
export function qosClassOf(pod: Pod): QosClass {
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  let asksForSomething = false;
  let isGuaranteed = true;
  for (const { resources } of containers) {
    for (const name of ["cpu", "memory"]) {
      const request = resources?.requests?.[name];
      const limit = resources?.limits?.[name];
      if (isPositive(request) || isPositive(limit)) asksForSomething = true;
      const matches =
        isPositive(limit) &&
        (request === undefined || compareQuantities(String(request), String(limit)) === 0);
      if (!matches) isGuaranteed = false;
    }
  }
  if (!asksForSomething) return "BestEffort";
  return isGuaranteed ? "Guaranteed" : "Burstable";
}

function isPositive(quantity: string | undefined): boolean {
  return quantity !== undefined && quantityMilliValue(String(quantity)) > 0;
}

/** Requests of a container; a limit stands in for a request that is absent. */
function requestsOf(container: Container): Amounts {
  const { requests, limits } = container.resources ?? {};
  return {
    cpuMilli: requests?.cpu === undefined ? cpuMilliOf(limits) : cpuMilliOf(requests),
    memoryBytes: requests?.memory === undefined ? bytesOf(limits, "memory") : bytesOf(requests, "memory"),
  };
}

/** What the scheduler counts: the sum of containers and sidecars, or what an init container needs beside those before it. */
export function podRequests(pod: Pod): Amounts {
  const sum = sumOf(pod.spec.containers.map(requestsOf));
  const sidecars: Amounts = { cpuMilli: 0, memoryBytes: 0 };
  const peak: Amounts = { cpuMilli: 0, memoryBytes: 0 };
  for (const container of pod.spec.initContainers ?? []) {
    const needs = requestsOf(container);
    if (isSidecar(container)) add(sidecars, needs);
    raise(peak, isSidecar(container) ? sidecars : sumOf([sidecars, needs]));
  }
  add(sum, sidecars);
  raise(sum, peak);
  add(sum, { cpuMilli: cpuMilliOf(pod.spec.overhead), memoryBytes: bytesOf(pod.spec.overhead, "memory") });
  return sum;
}

function sumOf(amounts: Amounts[]): Amounts {
  const sum: Amounts = { cpuMilli: 0, memoryBytes: 0 };
  for (const amount of amounts) add(sum, amount);
  return sum;
}

function add(to: Amounts, amount: Amounts): void {
  to.cpuMilli += amount.cpuMilli;
  to.memoryBytes += amount.memoryBytes;
}

function raise(to: Amounts, amount: Amounts): void {
  to.cpuMilli = Math.max(to.cpuMilli, amount.cpuMilli);
  to.memoryBytes = Math.max(to.memoryBytes, amount.memoryBytes);
}

export function sharesOf(cpuMilli: number): number {
  if (cpuMilli === 0) return MIN_SHARES;
  return Math.min(MAX_SHARES, Math.max(MIN_SHARES, Math.floor((cpuMilli * SHARES_PER_CPU) / 1000)));
}

function quotaOf(cpuMilli: number): { cpuQuotaUs?: number; cpuPeriodUs?: number } {
  if (cpuMilli === 0) return {};
  const quota = Math.floor((cpuMilli * CPU_PERIOD_US) / 1000);
  return { cpuQuotaUs: Math.max(MIN_QUOTA_US, quota), cpuPeriodUs: CPU_PERIOD_US };
}

/** A container's cgroup: requests are shares, limits are quotas. */
export function containerResources(
  pod: Pod,
  container: Container,
  nodeMemoryBytes: number,
): LinuxContainerResources {
  const { limits } = container.resources ?? {};
  const memoryLimitBytes = bytesOf(limits, "memory");
  return {
    cpuShares: sharesOf(requestsOf(container).cpuMilli),
    ...quotaOf(cpuMilliOf(limits)),
    ...(memoryLimitBytes > 0 ? { memoryLimitBytes } : {}),
    oomScoreAdj: oomScoreAdjOf(pod, container, nodeMemoryBytes),
  };
}

/** The pod's cgroup: its requests, and its limits where every container has one (upstream's ResourceConfigForPod). */
export function podResources(pod: Pod): LinuxContainerResources {
  const qos = qosClassOf(pod);
  if (qos === "BestEffort") return { cpuShares: MIN_SHARES };
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? []).filter(isSidecar)];
  const cpuLimits = containers.map(({ resources }) => cpuMilliOf(resources?.limits));
  const memoryLimits = containers.map(({ resources }) => bytesOf(resources?.limits, "memory"));
  const allLimited = (limits: number[]) => limits.every((limit) => limit > 0);
  const initPeak = (of: (container: Container) => number) =>
    Math.max(0, ...(pod.spec.initContainers ?? []).filter((container) => !isSidecar(container)).map(of));
  const cpuLimit = Math.max(
    total(cpuLimits),
    initPeak(({ resources }) => cpuMilliOf(resources?.limits)),
  );
  const memoryLimit = Math.max(
    total(memoryLimits),
    initPeak(({ resources }) => bytesOf(resources?.limits, "memory")),
  );
  return {
    cpuShares: sharesOf(podRequests(pod).cpuMilli),
    ...(allLimited(cpuLimits) ? quotaOf(cpuLimit) : {}),
    ...(allLimited(memoryLimits) ? { memoryLimitBytes: memoryLimit } : {}),
  };
}

function total(numbers: number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

/** Who the kernel kills first when the node's memory runs out (upstream's GetContainerOOMScoreAdjust). */
export function oomScoreAdjOf(pod: Pod, container: Container, nodeMemoryBytes: number): number {
  const NODE_CRITICAL = 2_000_000_000;
  if ((pod.spec.priority ?? 0) >= NODE_CRITICAL) return -997;
  switch (qosClassOf(pod)) {
    case "Guaranteed":
      return -997;
    case "BestEffort":
      return 1000;
    case "Burstable": {
      const requested = bytesOf(container.resources?.requests, "memory");
      const score = 1000 - Math.floor((1000 * requested) / nodeMemoryBytes);
      if (score < 1000 + -997) return 1000 + -997;
      return score === 1000 ? 999 : score;
    }
  }
}

/** `/kubepods/burstable/pod<uid>`: below the instance's own cgroup. */
export function podCgroupParent(pod: Pod): string {
  const qos = qosClassOf(pod);
  const tier = qos === "Guaranteed" ? "" : `/${qos.toLowerCase()}`;
  return `/kubepods${tier}/pod${pod.metadata.uid}`;
}
