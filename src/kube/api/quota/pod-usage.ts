import {
  addResourceLists,
  compareQuantities,
  maxResourceLists,
  type ResourceList,
} from "../../../formats/index.ts";
import { totalOfContainers } from "../core/pod/resource-totals.ts";
import { isPodTerminal } from "../core/pod/terminal.ts";
import { isExtendedResource } from "../core/pod/validate-resources.ts";
import type { Container, ContainerStatus, Pod } from "../generated/types.ts";
import { timeMs } from "../meta/time.ts";
import { countName } from "./object-count.ts";

export const POD_COUNT = countName("pods");
const COMPUTE = ["cpu", "memory", "ephemeral-storage"];
const HUGE_PAGES = "hugepages-";

/** What a pod counts for: only its number once it has ended, or should have been gone for long. */
export function podUsage(pod: Pod, nowMs: number): ResourceList {
  const count: ResourceList = { [POD_COUNT]: "1" };
  if (isPodTerminal(pod) || isOverdue(pod, nowMs)) return count;
  return { ...count, ...namedUsage(totalOf(pod, "requests"), totalOf(pod, "limits")) };
}

function isOverdue({ metadata }: Pod, nowMs: number): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return false;
  return nowMs > (timeMs(deletionTimestamp) ?? nowMs) + Number(deletionGracePeriodSeconds) * 1000;
}

/** Requests and limits under the names that quotas have for them. */
export function namedUsage(requests: ResourceList, limits: ResourceList): ResourceList {
  const usage: ResourceList = { pods: "1" };
  for (const [name, amount] of Object.entries(requests)) {
    const isPlain = COMPUTE.includes(name) || name.startsWith(HUGE_PAGES);
    if (isPlain) usage[name] = amount;
    if (isPlain || isExtendedResource(name)) usage[`requests.${name}`] = amount;
  }
  for (const name of COMPUTE) if (limits[name] !== undefined) usage[`limits.${name}`] = limits[name];
  return usage;
}

/** Of all containers as they are and as they are to become, with the overhead of the pod's runtime class. */
function totalOf({ spec, status }: Pod, field: "requests" | "limits"): ResourceList {
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  const isInfeasible =
    status?.conditions?.find(({ type }) => type === "PodResizePending")?.reason === "Infeasible";
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  const resizable = new Set([...spec.containers, ...sidecars]);
  const total = totalOfContainers(spec, (container) => {
    const wanted = container.resources?.[field] ?? {};
    const found = resizable.has(container) ? statusOf(container, statuses) : undefined;
    if (!found?.resources) return wanted;
    const given = found.resources[field] ?? {};
    const allocated = field === "requests" ? (found.allocatedResources ?? {}) : {};
    return maxResourceLists(maxResourceLists(isInfeasible ? {} : wanted, given), allocated);
  });
  const overhead = spec.overhead ?? {};
  return addResourceLists(total, field === "requests" ? overhead : ofLimited(overhead, total));
}

const statusOf = ({ name }: Container, statuses: readonly ContainerStatus[]) =>
  statuses.find((one) => one.name === name);

/** Overhead raises a limit only where there is one. */
const ofLimited = (overhead: ResourceList, limits: ResourceList): ResourceList =>
  Object.fromEntries(
    Object.entries(overhead).filter(([name]) => compareQuantities(limits[name] ?? "0", "0") !== 0),
  );
