import { qosClassOf } from "../core/pod/quality-of-service.ts";
import type { Pod, PodAffinityTerm } from "../generated/types.ts";
import type { ScopeRequirement } from "./evaluator.ts";

/** A pod with a deadline: it ends by itself. */
export const isTerminating = ({ spec }: Pod): boolean => (spec.activeDeadlineSeconds ?? -1) >= 0;

/** Whether a pod falls under a scope of a quota. */
export function podMatchesScope({ scopeName, operator, values = [] }: ScopeRequirement, pod: Pod): boolean {
  switch (scopeName) {
    case "Terminating":
      return isTerminating(pod);
    case "NotTerminating":
      return !isTerminating(pod);
    case "BestEffort":
      return qosClassOf(pod.spec) === "BestEffort";
    case "NotBestEffort":
      return qosClassOf(pod.spec) !== "BestEffort";
    case "PriorityClass":
      return selects(operator, values, pod.spec.priorityClassName ?? "");
    case "CrossNamespacePodAffinity":
      return affinityTermsOf(pod).some(
        ({ namespaces, namespaceSelector }) => namespaces?.length || namespaceSelector !== undefined,
      );
    default:
      return false;
  }
}

function selects(operator: string, values: readonly string[], name: string): boolean {
  switch (operator) {
    case "Exists":
      return name !== "";
    case "DoesNotExist":
      return name === "";
    case "In":
      return name !== "" && values.includes(name);
    default:
      return name === "" || !values.includes(name);
  }
}

function affinityTermsOf({ spec: { affinity } }: Pod): PodAffinityTerm[] {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((one) => [
    ...(one?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(one?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ podAffinityTerm }) => podAffinityTerm,
    ),
  ]);
}
