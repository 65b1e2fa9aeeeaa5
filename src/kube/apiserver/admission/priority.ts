import { statusForbidden } from "../../api/index.ts";
import { type AdmissionPlugin, concerns } from "./admission.ts";

/** The two classes that every cluster has (scheduling/v1 SystemPriorityClasses). */
const SYSTEM_CLASSES: Record<string, number> = {
  "system-cluster-critical": 2_000_000_000,
  "system-node-critical": 2_000_001_000,
};

/** Sets `spec.priority` from the class's name. PriorityClass objects are not served yet: only the built-in classes are known. */
export const priority: AdmissionPlugin = {
  name: "Priority",
  mutate(request) {
    if (!concerns(request, "", "pods", "CREATE")) return;
    const pod = request.object!;
    const refuse = (why: string) => statusForbidden(request.kind, pod.metadata.name ?? "", why);
    const className = pod.spec.priorityClassName as string | undefined;
    const value = className ? SYSTEM_CLASSES[className] : 0;
    if (value === undefined) throw refuse(`no PriorityClass with name ${className} was found`);
    if (pod.spec.priority !== undefined && pod.spec.priority !== value) {
      throw refuse(
        `the integer value of priority (${pod.spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
      );
    }
    pod.spec.priority = value;
    pod.spec.preemptionPolicy ??= "PreemptLowerPriority";
  },
};
