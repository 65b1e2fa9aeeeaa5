import { SYSTEM_PRIORITY_CLASSES } from "../../api/index.ts";
import type { NewObject } from "../../client/types.ts";

/** The classes of the cluster's own pods (upstream's hook bootstrap-system-priority-classes). */
export function systemPriorityClasses(): NewObject[] {
  return SYSTEM_PRIORITY_CLASSES.map(({ name, value, description }) => ({
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name, generation: 1 },
    value,
    description,
    preemptionPolicy: "PreemptLowerPriority",
  }));
}
