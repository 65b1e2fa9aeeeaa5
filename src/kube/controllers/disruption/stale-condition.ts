import { rfc3339Seconds } from "../../../base/index.ts";
import {
  isPodTerminal,
  type Pod,
  podCondition,
  pods as podsResource,
  timeMs,
  withPodCondition,
} from "../../api/index.ts";
import type { ControllerDefinition, ControllerDependencies } from "../controller.ts";
import { keyOf } from "../object-key.ts";
import { unlessGone } from "../write-errors.ts";

/** So long a pod may be said to go that does not (upstream's stalePodDisruptionTimeout). */
const STALE_MS = 2 * 60_000;

/** Resets the condition DisruptionTarget of pods that were to go and did not. */
export function staleConditionCleaner({
  client,
  informers,
  clock,
}: ControllerDependencies): ControllerDefinition {
  const pods = informers.informer(podsResource);

  /** Milliseconds until the condition is stale; undefined where it will not be. */
  const staleInMs = (pod: Pod): number | undefined => {
    if (pod.metadata.deletionTimestamp !== undefined || isPodTerminal(pod)) return undefined;
    const condition = podCondition(pod, "DisruptionTarget");
    // From there to the pod's end it may take the kubelet any time.
    if (condition?.status !== "True" || condition.reason === "TerminationByKubelet") return undefined;
    return Math.max(0, timeMs(condition.lastTransitionTime) + STALE_MS - clock.nowMs());
  };

  return {
    name: "stale-disruption",
    informers: [pods],
    watch: (enqueue) => {
      const look = (pod: Pod): void => {
        const inMs = staleInMs(pod);
        if (inMs !== undefined) enqueue(keyOf(pod), inMs);
      };
      return [pods.subscribe({ onAdd: look, onUpdate: look })];
    },
    reconcile: async (key, enqueue) => {
      const pod = pods.get(key);
      const inMs = pod && staleInMs(pod);
      if (inMs === undefined) return;
      if (inMs > 0) return enqueue(key, inMs);
      const condition = { type: "DisruptionTarget", status: "False" };
      const conditions = withPodCondition(pod!, condition, rfc3339Seconds(clock.nowMs()));
      await unlessGone(
        client.updateStatus(podsResource, { ...pod!, status: { ...pod!.status, conditions } }),
      );
    },
  };
}
