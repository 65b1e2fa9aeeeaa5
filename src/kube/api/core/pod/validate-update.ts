import { cloneJson, isJsonObject, jsonEquals } from "../../../../formats/index.ts";
import { forbidden, invalid, required } from "../../field-error.ts";
import type { Container, Pod, PodSpec, PodStatus } from "../../generated/types.ts";
import type { FieldError } from "../../types.ts";

const UPDATABLE = [
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
];

/** A pod's spec is fixed but for a few fields (upstream ValidatePodUpdate). */
export function validatePodUpdate(next: Pod, previous: Pod): FieldError[] {
  const errors: FieldError[] = [];
  for (const list of ["containers", "initContainers"] as const) {
    const [now, before] = [next.spec[list] ?? [], previous.spec[list] ?? []];
    if (now.length !== before.length) {
      const what = list === "containers" ? "containers" : "init containers";
      return [...errors, forbidden(`spec.${list}`, `pod updates may not add or remove ${what}`)];
    }
    now.forEach((container, index) => {
      if (!container.image) errors.push(required(`spec.${list}[${index}].image`));
    });
  }
  errors.push(
    ...validateDeadlineUpdate(next.spec, previous.spec),
    ...validateTolerationsUpdate(next.spec, previous.spec),
  );
  const frozen = withFrozenFields(next.spec, previous.spec);
  if (jsonEquals(frozen, previous.spec)) return errors;
  const why = `pod updates may not change fields other than ${UPDATABLE.join(",")}\n${difference(previous.spec, frozen)}`;
  return [...errors, forbidden("spec", why)];
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

const MAX_DIFFERENCES = 20;

/** A reading of what differs, one line a value; upstream prints a Go diff here. */
function difference(before: unknown, after: unknown): string {
  const lines: string[] = [];
  compare(before, after, "", lines);
  return `${lines.slice(0, MAX_DIFFERENCES).join("\n")}\n`;
}

function compare(before: unknown, after: unknown, path: string, lines: string[]): void {
  if (jsonEquals(before, after)) return;
  if (isJsonObject(before) && isJsonObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare(before[key], after[key], path === "" ? key : `${path}.${key}`, lines);
    }
  } else if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    before.forEach((item, index) => {
      compare(item, after[index], `${path}[${index}]`, lines);
    });
  } else {
    if (before !== undefined) lines.push(`- \t${path}: ${JSON.stringify(before)},`);
    if (after !== undefined) lines.push(`+ \t${path}: ${JSON.stringify(after)},`);
  }
}

/** What the kubelet may not do through the status. */
export function validatePodStatusUpdate(next: Pod, previous: Pod): FieldError[] {
  const errors: FieldError[] = [];
  const [now, before]: [PodStatus, PodStatus] = [next.status ?? {}, previous.status ?? {}];
  if (next.spec.nodeName !== previous.spec.nodeName) {
    errors.push(forbidden("metadata.nodeName", "may not be changed directly"));
  }
  if (before.qosClass && now.qosClass !== before.qosClass) {
    errors.push(invalid("status.qosClass", now.qosClass ?? "", "field is immutable"));
  }
  return [...errors, ...validateNoRestart(now, before, next.spec.restartPolicy)];
}

/** A container that has ended for good may not run again. */
function validateNoRestart(
  now: PodStatus,
  before: PodStatus,
  restartPolicy: string | undefined,
): FieldError[] {
  if (restartPolicy === "Always") return [];
  const errors: FieldError[] = [];
  before.containerStatuses?.forEach((old) => {
    const ended = old.state?.terminated;
    if (ended === undefined || (ended.exitCode !== 0 && restartPolicy === "OnFailure")) return;
    const index = now.containerStatuses?.findIndex((one) => one.name === old.name) ?? -1;
    const state = now.containerStatuses?.[index]?.state;
    if (state !== undefined && state.terminated === undefined) {
      errors.push(
        forbidden(
          `status.containerStatuses[${index}].state`,
          "may not be transitioned to non-terminated state",
        ),
      );
    }
  });
  return errors;
}
