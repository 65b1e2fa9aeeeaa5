import type { Pod, StatefulSet } from "../../api/index.ts";
import { isWanted, ordinalOf, ordinalsOf } from "./ordinals.ts";
import { isHealthy } from "./status.ts";

/** A number that the set asks for, and the pod that has it, if there is one. */
export interface Place {
  ordinal: number;
  pod: Pod | undefined;
}

export interface Places {
  /** In the order of their numbers. */
  wanted: readonly Place[];
  /** Pods that the set does not ask for, the highest number first. */
  condemned: readonly Pod[];
  /** The lowest one that is not well, of those that are wanted and then of the others. */
  firstUnhealthy: Pod | undefined;
}

/** Which of the set's numbers have pods, and which pods have none of them. */
export function placesOf(set: StatefulSet, pods: readonly Pod[]): Places {
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(pod), pod]));
  const wanted = ordinalsOf(set).map((ordinal) => ({ ordinal, pod: byOrdinal.get(ordinal) }));
  const condemned = pods
    .filter((pod) => !isWanted(set, ordinalOf(pod)))
    .sort((a, b) => ordinalOf(b) - ordinalOf(a));
  return { wanted, condemned, firstUnhealthy: firstUnhealthy(wanted, condemned) };
}

/** Undefined also where it is one that is yet to be made. */
function firstUnhealthy(wanted: readonly Place[], condemned: readonly Pod[]): Pod | undefined {
  const place = wanted.find(({ pod }) => pod === undefined || !isHealthy(pod));
  return place ? place.pod : condemned.findLast((pod) => !isHealthy(pod));
}
