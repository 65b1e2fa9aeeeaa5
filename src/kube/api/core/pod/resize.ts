import { compareQuantities, jsonEquals } from "../../../../formats/index.ts";
import { forbidden, invalid } from "../../field-error.ts";
import type { Container, Pod, ResourceRequirements } from "../../generated/types.ts";
import { keepAllBut, keepMetadata } from "../../strategy.ts";
import type { FieldError, SubresourceStrategy } from "../../types.ts";
import { dropDisabledPodFields } from "./disabled-fields.ts";
import { isMirrorPod } from "./mirror-pod.ts";
import { qosClassOf } from "./quality-of-service.ts";
import { validatePod } from "./validate.ts";

const LISTS = ["containers", "initContainers"] as const;

/** `resize`: changes how much processor time and memory the containers of a pod that runs may use; the kubelet follows. */
export const resize: SubresourceStrategy<Pod> = {
  prepare(next, previous) {
    keepAllButResources(next, previous);
    dropDisabledPodFields(next, previous);
  },
  validate: (next, previous) => [...refusal(next, previous), ...validateChanges(next, previous)],
};

/** Where containers have come or gone all of it is kept, and refused later (pod strategy dropNonResizeUpdates). */
function keepAllButResources(next: Pod, previous: Pod): void {
  const { spec } = next;
  if (LISTS.some((list) => (spec[list]?.length ?? 0) !== (previous.spec[list]?.length ?? 0))) return;
  keepAllBut(next, previous, ["metadata"]);
  keepMetadata(next, previous);
  for (const list of LISTS) {
    const [now, before] = [spec[list] ?? [], next.spec[list]];
    if (before) next.spec[list] = withResourcesOf(now, before);
  }
}

function withResourcesOf(now: Container[], before: Container[]): Container[] {
  if (now.some(({ name }, index) => name !== before[index]!.name)) return now;
  return before.map(({ resources: _, resizePolicy: __, ...kept }, index) => {
    const { resources, resizePolicy } = now[index]!;
    return { ...kept, ...(resources ? { resources } : {}), ...(resizePolicy ? { resizePolicy } : {}) };
  });
}

const hasPodResources = ({ spec: { resources } }: Pod) =>
  Object.keys(resources?.requests ?? {}).length + Object.keys(resources?.limits ?? {}).length > 0;

/** Why a pod is not resized at all; nothing else is told then. */
function refusal(next: Pod, previous: Pod): FieldError[] {
  if (hasPodResources(previous) || hasPodResources(next))
    return [forbidden("", "pods with pod-level resources cannot be resized")];
  if (isMirrorPod(previous)) return [forbidden("", "static pods cannot be resized")];
  if (previous.spec.os?.name === "windows") return [forbidden("", "windows pods cannot be resized")];
  return [];
}

/** validation.ValidatePodResize. */
function validateChanges(next: Pod, previous: Pod): FieldError[] {
  if (refusal(next, previous).length > 0) return [];
  const errors = validatePod(next);
  const qosClass = previous.status?.qosClass || qosClassOf(previous.spec);
  if (qosClass !== qosClassOf(next.spec)) {
    const why = "Pod QOS Class may not change as a result of resizing";
    errors.push(invalid("spec", previous.status?.qosClass ?? "", why));
  }
  if (!isSupportedByNode(previous))
    errors.push(forbidden("spec", "Pod running on node without support for resize"));
  const ofOrder = LISTS.flatMap((list) => validateOrder(list, next, previous));
  if (ofOrder.length > 0) return [...errors, ...ofOrder];
  return [...errors, ...validateResources(next, previous), ...validateOthers(next, previous)];
}

/** A node that can tells the resources of what runs. */
function isSupportedByNode({ status }: Pod): boolean {
  const running = status?.containerStatuses?.find(({ state }) => state?.running !== undefined);
  return running === undefined || running.resources !== undefined;
}

function validateOrder(list: (typeof LISTS)[number], next: Pod, previous: Pod): FieldError[] {
  const [now, before] = [next.spec[list] ?? [], previous.spec[list] ?? []];
  if (now.length !== before.length)
    return [forbidden(`spec.${list}`, `${list} may not be added or removed on resize`)];
  return before.flatMap(({ name }, index) =>
    now[index]!.name === name
      ? []
      : [forbidden(`spec.${list}[${index}].name`, `${list} may not be renamed or reordered on resize`)],
  );
}

const isSidecar = ({ restartPolicy }: Container) => restartPolicy === "Always";

function validateResources(next: Pod, previous: Pod): FieldError[] {
  return [...LISTS].reverse().flatMap((list) =>
    (previous.spec[list] ?? []).flatMap((before, index) => {
      if (list === "initContainers" && !isSidecar(before)) return [];
      return validateContainer(next.spec[list]![index]!, before, `spec.${list}[${index}].resources`);
    }),
  );
}

function validateContainer(next: Container, previous: Container, path: string): FieldError[] {
  const [now, before] = [next.resources ?? {}, previous.resources ?? {}];
  const errors: FieldError[] = [];
  for (const list of ["requests", "limits"] as const) {
    const isKept = Object.keys(before[list] ?? {}).every((name) => now[list]?.[name] !== undefined);
    if (!isKept) errors.push(forbidden(`${path}.${list}`, `resource ${list} cannot be removed`));
  }
  const policy = next.resizePolicy?.find(({ resourceName }) => resourceName === "memory")?.restartPolicy;
  const limit = now.limits?.memory;
  if (limit === undefined || (policy && policy !== "NotRequired")) return errors;
  const limitBefore = before.limits?.memory;
  const change =
    limitBefore === undefined ? "added" : compareQuantities(limit, limitBefore) < 0 ? "decreased" : undefined;
  const why = `memory limits cannot be ${change} unless resizePolicy is RestartContainer`;
  if (change) errors.push(forbidden(`${path}.limits[memory]`, why));
  return errors;
}

/** All but processor time and memory stays as it is. */
function validateOthers(next: Pod, previous: Pod): FieldError[] {
  const refuse = (why: string) => forbidden("spec", why);
  const changed = (list: (typeof LISTS)[number]) =>
    (next.spec[list] ?? []).map((now, index) => {
      const before = previous.spec[list]![index]!;
      const isResizable = list === "containers" || isSidecar(now);
      return { isResizable, isSame: jsonEquals(isResizable ? withComputeOf(now, before) : now, before) };
    });
  return [
    ...changed("containers").flatMap(({ isSame }) =>
      isSame ? [] : [refuse("only cpu and memory resources are mutable")],
    ),
    ...changed("initContainers").flatMap(({ isSame, isResizable }) => {
      if (isSame) return [];
      return isResizable
        ? [refuse("only cpu and memory resources for sidecar containers are mutable")]
        : [refuse("resources for non-sidecar init containers are immutable")];
    }),
  ];
}

/** With the processor time and memory that it had; where it had no amounts, without any. */
function withComputeOf(container: Container, previous: Container): Container {
  const before = previous.resources ?? {};
  const resources: ResourceRequirements = {};
  for (const list of ["limits", "requests"] as const) {
    if (before[list] === undefined) continue;
    const { cpu: _, memory: __, ...others } = container.resources?.[list] ?? {};
    const { cpu, memory } = before[list];
    resources[list] = { ...others, ...(cpu ? { cpu } : {}), ...(memory ? { memory } : {}) };
  }
  return { ...container, resources };
}
