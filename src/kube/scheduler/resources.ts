import { quantityMilliValue, quantityValue } from "../../formats/index.ts";
import type { Pod } from "../api/index.ts";

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

/**
 * What a pod asks of a node: the containers' sum or the largest moment of its init containers (sidecars count on), plus
 * overhead (component-helpers resource.PodRequests).
 */
export function podRequests(pod: Pod): Resources {
  const total: Resources = new Map();
  for (const container of pod.spec.containers ?? [])
    addResources(total, readResources(container.resources?.requests));
  const sidecars: Resources = new Map();
  const initPeak: Resources = new Map();
  for (const container of pod.spec.initContainers ?? []) {
    const own = readResources(container.resources?.requests);
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
const DEFAULT_MILLICPU = 100;
const DEFAULT_MEMORY_BYTES = 200 * 1024 * 1024;

/** Requests with the assumed minimum for cpu and memory, used only to rate nodes. */
export function scoringRequests(pod: Pod): { cpu: number; memory: number } {
  let cpu = 0;
  let memory = 0;
  for (const container of pod.spec.containers ?? []) {
    const own = readResources(container.resources?.requests);
    cpu += own.get("cpu") ?? DEFAULT_MILLICPU;
    memory += own.get("memory") ?? DEFAULT_MEMORY_BYTES;
  }
  return { cpu, memory };
}
