import { statusForbidden } from "../../api/index.ts";
import { type AdmissionPlugin, type AdmissionRequest, concerns } from "./admission.ts";

/** The two classes that every cluster has (scheduling/v1 SystemPriorityClasses). */
const SYSTEM_CLASSES: Record<string, number> = {
  "system-cluster-critical": 2_000_000_000,
  "system-node-critical": 2_000_001_000,
};

const POLICY = "PreemptLowerPriority";

/**
 * Sets `spec.priority` from the class's name, and keeps what it set where an update leaves it out (`kubectl replace` with the
 * manifest that the pod was created from). PriorityClass objects are not served yet: only the built-in classes are known.
 */
export const priority: AdmissionPlugin = {
  name: "Priority",
  mutate(request) {
    if (concerns(request, "", "pods", "CREATE")) setPriority(request);
    else if (concerns(request, "", "pods", "UPDATE")) keepPriority(request);
  },
};

function setPriority({ kind, object }: AdmissionRequest): void {
  const pod = object!;
  const refuse = (why: string) => statusForbidden(kind, pod.metadata.name ?? "", why);
  const className = pod.spec.priorityClassName as string | undefined;
  const value = className ? SYSTEM_CLASSES[className] : 0;
  if (value === undefined) throw refuse(`no PriorityClass with name ${className} was found`);
  const computed = (what: string, result: string | number) =>
    `${what} must not be provided in pod spec; priority admission controller computed ${result} from the given PriorityClass name`;
  const { priority: given, preemptionPolicy: policy } = pod.spec;
  if (given !== undefined && given !== value)
    throw refuse(computed(`the integer value of priority (${given})`, value));
  pod.spec.priority = value;
  if (policy !== undefined && policy !== POLICY)
    throw refuse(computed(`the string value of PreemptionPolicy (${policy})`, POLICY));
  pod.spec.preemptionPolicy = POLICY;
}

function keepPriority({ object, oldObject }: AdmissionRequest): void {
  const [next, previous] = [object!.spec, oldObject!.spec];
  for (const field of ["priority", "preemptionPolicy"] as const)
    if (next[field] === undefined && previous[field] !== undefined) next[field] = previous[field];
}
