import { cloneJson, jsonEquals } from "../../../../formats/index.ts";
import { forbidden, goStringMap, invalid, required } from "../../field-error.ts";
import type { Container, NodeSelectorTerm, Pod, PodSpec } from "../../generated/types.ts";
import { goDiff } from "../../go-diff/go-diff.ts";
import type { FieldError } from "../../types.ts";
import { internalSpec } from "./internal-spec.ts";
import { validatePodAnnotationsUpdate } from "./validate-annotations.ts";
import { validateImageText } from "./validate-containers.ts";

const UPDATABLE = [
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
];

/** A pod's spec is fixed but for a few fields (upstream ValidatePodUpdate). */
export function validatePodUpdate(next: Pod, previous: Pod): FieldError[] {
  const errors = validatePodAnnotationsUpdate(
    next.metadata.annotations,
    previous.metadata.annotations,
    "metadata.annotations",
  );
  for (const list of ["containers", "initContainers"] as const) {
    const [now, before] = [next.spec[list] ?? [], previous.spec[list] ?? []];
    if (now.length !== before.length)
      return [...errors, forbidden(`spec.${list}`, "pod updates may not add or remove containers")];
    now.forEach((container, index) => {
      const at = `spec.${list}[${index}]`;
      if (!container.image) errors.push(required(`${at}.image`));
      errors.push(...validateImageText(container, at));
    });
  }
  const deadline = validateDeadlineUpdate(next.spec, previous.spec);
  errors.push(...deadline);
  if (deadline.length > 0 && next.spec.activeDeadlineSeconds !== undefined) return errors;
  errors.push(
    ...validateTolerationsUpdate(next.spec, previous.spec),
    ...validateGatesUpdate(next.spec, previous.spec),
  );
  const frozen = withFrozenFields(next.spec, previous.spec);
  if (previous.spec.schedulingGates?.length) errors.push(...validateGatedUpdate(frozen, previous.spec));
  if (jsonEquals(frozen, previous.spec)) return errors;
  const why = `pod updates may not change fields other than ${UPDATABLE.join(",")}\n${goDiff("core.PodSpec", internalSpec(previous.spec), internalSpec(frozen))}`;
  return [...errors, forbidden("spec", why)];
}

/** A pod that waits for its gates may be told more closely where to run; `frozen` gets back what it had. */
function validateGatedUpdate(frozen: PodSpec, previous: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  const isKept = Object.entries(previous.nodeSelector ?? {}).every(
    ([key, value]) => frozen.nodeSelector?.[key] === value,
  );
  if (!isKept) {
    const why = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
    errors.push(invalid("spec.nodeSelector", goStringMap(frozen.nodeSelector), why));
  }
  keep(frozen, previous, "nodeSelector");
  errors.push(...validateNodeAffinityUpdate(frozen, previous));
  const { nodeAffinity: _, ...others } = frozen.affinity ?? {};
  const before = previous.affinity?.nodeAffinity;
  const affinity = { ...others, ...(before === undefined ? {} : { nodeAffinity: before }) };
  if (Object.keys(affinity).length > 0 || previous.affinity !== undefined) frozen.affinity = affinity;
  else delete frozen.affinity;
  return errors;
}

const requiredTerms = (spec: PodSpec): NodeSelectorTerm[] =>
  spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];

function validateNodeAffinityUpdate(next: PodSpec, previous: PodSpec): FieldError[] {
  const path = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
  const [now, before] = [requiredTerms(next), requiredTerms(previous)];
  if (before.length > 0 && now.length !== before.length)
    return [invalid(path, now, "no additions/deletions to non-empty NodeSelectorTerms list are allowed")];
  return before.flatMap((term, index) =>
    hasOnlyAdditions(now[index]!, term)
      ? []
      : [invalid(`${path}[${index}]`, now[index], "only additions are allowed (no mutations or deletions)")],
  );
}

function hasOnlyAdditions(now: NodeSelectorTerm, before: NodeSelectorTerm): boolean {
  const lists = ["matchExpressions", "matchFields"] as const;
  // An empty term selects nothing; with a requirement it would select something.
  if (lists.every((list) => !before[list]?.length)) return lists.every((list) => !now[list]?.length);
  return lists.every((list) =>
    jsonEquals(now[list]?.slice(0, before[list]?.length ?? 0) ?? [], before[list] ?? []),
  );
}

/** Gates may go, none may come. */
function validateGatesUpdate(next: PodSpec, previous: PodSpec): FieldError[] {
  const before = new Set((previous.schedulingGates ?? []).map((gate) => gate.name));
  return (next.schedulingGates ?? []).flatMap(({ name }, index) =>
    before.has(name)
      ? []
      : [
          forbidden(
            `spec.schedulingGates[${index}].name`,
            `only deletion is allowed, but found new scheduling gate '${name}'`,
          ),
        ],
  );
}

/** The new spec with all that may change set back to what it was. */
function withFrozenFields(next: PodSpec, previous: PodSpec): PodSpec {
  const out = cloneJson(next);
  for (const list of ["containers", "initContainers"] as const) {
    out[list]?.forEach((container: Container, index) => {
      const before = previous[list]?.[index];
      if (before?.image !== undefined) container.image = before.image;
    });
  }
  keep(out, previous, "activeDeadlineSeconds");
  keep(out, previous, "tolerations");
  keep(out, previous, "schedulingGates");
  if ((previous.terminationGracePeriodSeconds ?? 0) < 0 && next.terminationGracePeriodSeconds === 1) {
    keep(out, previous, "terminationGracePeriodSeconds");
  }
  return out;
}

function keep(out: PodSpec, previous: PodSpec, field: keyof PodSpec): void {
  if (previous[field] === undefined) delete out[field];
  else Object.assign(out, { [field]: previous[field] });
}

function validateDeadlineUpdate(next: PodSpec, previous: PodSpec): FieldError[] {
  const path = "spec.activeDeadlineSeconds";
  const [now, before] = [next.activeDeadlineSeconds, previous.activeDeadlineSeconds];
  if (now === undefined) {
    return before === undefined
      ? []
      : [invalid(path, now, "must not update from a positive integer to nil value")];
  }
  if (before !== undefined && before < now) {
    return [invalid(path, now, "must be less than or equal to previous value")];
  }
  return [];
}

function validateTolerationsUpdate(next: PodSpec, previous: PodSpec): FieldError[] {
  const withoutSeconds = (one: object) => ({ ...one, tolerationSeconds: undefined });
  const now = (next.tolerations ?? []).map(withoutSeconds);
  const isKept = (previous.tolerations ?? []).every((one) =>
    now.some((other) => jsonEquals(other, withoutSeconds(one))),
  );
  if (isKept) return [];
  return [
    forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds"),
  ];
}
