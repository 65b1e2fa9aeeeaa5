import { quantityMilliValue, quantityValue } from "../../formats/index.ts";
import type { Container, ContainerStatus, Pod } from "../api/index.ts";

/** Resource name -> amount: cpu in millicores, everything else in its own unit (bytes, pieces). */
export type Resources = Map<string, number>;

/** One quantity of a resource list as a number in the unit of Resources. */
function amountOf(resource: string, quantity: string | number): number {
  return resource === "cpu" ? quantityMilliValue(String(quantity)) : quantityValue(String(quantity));
}

export function readResources(list: Record<string, string | number> | undefined): Resources {
  const resources: Resources = new Map();
  for (const [name, quantity] of Object.entries(list ?? {})) resources.set(name, amountOf(name, quantity));
  return resources;
}

export function addResources(target: Resources, more: Resources, sign: 1 | -1 = 1): void {
  for (const [name, amount] of more) target.set(name, (target.get(name) ?? 0) + sign * amount);
}

function takeLarger(target: Resources, other: Resources): void {
  for (const [name, amount] of other) target.set(name, Math.max(target.get(name) ?? 0, amount));
}

const NONE: Resources = new Map();

/**
 * What a container counts for while it is resized: the most of what it is to have, was promised and has; what its node can
 * never give does not count.
 */
function withStatus(
  wanted: Resources,
  status: ContainerStatus | undefined,
  isInfeasible: boolean,
): Resources {
  if (!status?.resources) return wanted;
  const counted: Resources = isInfeasible ? new Map() : wanted;
  takeLarger(counted, readResources(status.resources.requests));
  takeLarger(counted, readResources(status.allocatedResources));
  return counted;
}

/**
 * What a pod asks of a node: the containers' sum or the largest moment of its init containers (sidecars count on), plus
 * overhead (component-helpers resource.PodRequests). `unsaid` is what a container counts for where it does not say.
 */
export function podRequests(pod: Pod, unsaid: Resources = NONE): Resources {
  const { containerStatuses = [], initContainerStatuses = [], conditions = [] } = pod.status ?? {};
  const isInfeasible = conditions.some(
    ({ type, reason }) => type === "PodResizePending" && reason === "Infeasible",
  );
  const requestsOf = (
    { name, resources, restartPolicy }: Container,
    statuses: ContainerStatus[],
  ): Resources => {
    const own = readResources(resources?.requests);
    const isResizable = statuses === containerStatuses || restartPolicy === "Always";
    const status = isResizable ? statuses.find((one) => one.name === name) : undefined;
    return new Map([...unsaid, ...withStatus(own, status, isInfeasible)]);
  };
  const total: Resources = new Map();
  for (const container of pod.spec.containers ?? [])
    addResources(total, requestsOf(container, containerStatuses));
  const sidecars: Resources = new Map();
  const initPeak: Resources = new Map();
  for (const container of pod.spec.initContainers ?? []) {
    const own = requestsOf(container, initContainerStatuses);
    if (container.restartPolicy === "Always") {
      addResources(sidecars, own);
      addResources(total, own);
      takeLarger(initPeak, sidecars);
    } else {
      addResources(own, sidecars);
      takeLarger(initPeak, own);
    }
  }
  takeLarger(total, initPeak);
  addResources(total, readResources(pod.spec.overhead));
  return total;
}

/** What upstream assumes for scoring where nothing is requested. */
const ASSUMED: Resources = new Map([
  ["cpu", 100],
  ["memory", 200 * 1024 * 1024],
]);

/** Requests with the assumed minimum for cpu and memory, used only to rate nodes. */
export function scoringRequests(pod: Pod): { cpu: number; memory: number } {
  const requests = podRequests(pod, ASSUMED);
  return { cpu: requests.get("cpu") ?? 0, memory: requests.get("memory") ?? 0 };
}
