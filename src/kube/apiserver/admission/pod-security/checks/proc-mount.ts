import {
  type Check,
  type CheckedPod,
  containers,
  named,
  namesOf,
  quoted,
  sorted,
  type Violation,
} from "../check.ts";

interface WithProcMount {
  securityContext?: { procMount?: string };
}

/** What the runtime hides in /proc stays hidden. */
export const procMount: Check = { id: "procMount", rules: [{ since: 0, rule }] };

function rule({ spec }: CheckedPod): Violation | undefined {
  const bad = namesOf(spec, (one) => forbiddenOf(one).length > 0);
  if (bad.length === 0) return undefined;
  const types = sorted(containers(spec).flatMap(forbiddenOf));
  return {
    reason: "procMount",
    detail: `${named("container", bad)} must not set securityContext.procMount to ${quoted(types)}`,
  };
}

function forbiddenOf({ securityContext }: WithProcMount): string[] {
  const type = securityContext?.procMount;
  return type === undefined || type === "Default" ? [] : [type];
}
