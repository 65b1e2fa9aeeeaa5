import type { KubeObject, PriorityClass } from "../../api/index.ts";
import type { ObjectLookup } from "../objects/object-lookup.ts";
import { type AdmissionPlugin, type AdmissionRequest, concerns, refusalOf } from "./admission.ts";

const GROUP = "scheduling.k8s.io";
const PRIORITY_CLASSES = { group: GROUP, resource: "priorityclasses", namespaced: false };

type Class = Pick<PriorityClass, "value" | "preemptionPolicy">;

const POLICY = "PreemptLowerPriority";
/** Of pods that name no class, where none is the default. */
const NO_CLASS: Class = { value: 0, preemptionPolicy: POLICY };

/**
 * Sets `spec.priority` from the class's name, and keeps what it set where an update leaves it out (`kubectl replace` with the
 * manifest that the pod was created from). Only one class is the default for all.
 */
export function priority(lookup: ObjectLookup): AdmissionPlugin {
  return {
    name: "Priority",
    looksAt: ["pods", "priorityclasses.scheduling.k8s.io"],
    async mutate(request) {
      if (concerns(request, "", "pods", "CREATE")) await setPriority(request, lookup);
      else if (concerns(request, "", "pods", "UPDATE")) keepPriority(request);
    },
    async validate(request) {
      if (!concerns(request, GROUP, "priorityclasses", "CREATE", "UPDATE")) return;
      if (!request.object!.globalDefault) return;
      const present = await defaultPriorityClass(lookup);
      if (present === undefined) return;
      const { name } = present.metadata;
      if (request.operation === "UPDATE" && name === request.object!.metadata.name) return;
      throw refusalOf(
        request,
        `PriorityClass ${name} is already marked as default. Only one default can exist`,
      );
    },
  };
}

async function setPriority(request: AdmissionRequest, lookup: ObjectLookup): Promise<void> {
  const { spec } = request.object!;
  const { value, preemptionPolicy } = await classOf(request, lookup);
  const refuse = (what: string, result: string | number) =>
    refusalOf(
      request,
      `${what} must not be provided in pod spec; priority admission controller computed ${result} from the given PriorityClass name`,
    );
  const { priority: given, preemptionPolicy: policy } = spec;
  if (given !== undefined && given !== value) throw refuse(`the integer value of priority (${given})`, value);
  spec.priority = value;
  if (preemptionPolicy === undefined) return;
  if (policy !== undefined && policy !== preemptionPolicy)
    throw refuse(`the string value of PreemptionPolicy (${policy})`, preemptionPolicy);
  spec.preemptionPolicy = preemptionPolicy;
}

/** The class that a pod names, or the default one, whose name it gets. */
async function classOf(request: AdmissionRequest, lookup: ObjectLookup): Promise<Class> {
  const { spec } = request.object!;
  const name = spec.priorityClassName as string | undefined;
  if (name) {
    const named = (await lookup.get(PRIORITY_CLASSES, undefined, name)) as Class | undefined;
    if (named === undefined) throw refusalOf(request, `no PriorityClass with name ${name} was found`);
    return named;
  }
  const found = await defaultPriorityClass(lookup);
  if (found === undefined) return NO_CLASS;
  spec.priorityClassName = found.metadata.name;
  return found;
}

/** Where two were made at once, the lower one counts. */
async function defaultPriorityClass(lookup: ObjectLookup): Promise<(KubeObject & Class) | undefined> {
  const classes = (await lookup.list(PRIORITY_CLASSES)) as readonly (KubeObject & Class)[];
  return classes.filter((one) => one.globalDefault).sort((a, b) => a.value - b.value)[0];
}

function keepPriority({ object, oldObject }: AdmissionRequest): void {
  const [next, previous] = [object!.spec, oldObject!.spec];
  for (const field of ["priority", "preemptionPolicy"] as const)
    if (next[field] === undefined && previous[field] !== undefined) next[field] = previous[field];
}
