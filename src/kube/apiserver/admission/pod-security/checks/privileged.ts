import { type Check, type CheckedPod, named, namesOf, type Violation } from "../check.ts";

export const privileged: Check = { id: "privileged", rules: [{ since: 0, rule }] };

function rule({ spec }: CheckedPod): Violation | undefined {
  const bad = namesOf(spec, ({ securityContext }) => securityContext?.privileged === true);
  if (bad.length === 0) return undefined;
  return {
    reason: "privileged",
    detail: `${named("container", bad)} must not set securityContext.privileged=true`,
  };
}
