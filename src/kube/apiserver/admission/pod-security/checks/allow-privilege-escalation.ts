import { type Check, type CheckedPod, exceptOnWindows, named, namesOf, type Violation } from "../check.ts";

/** Set-user-ID programs and their like gain nothing. */
export const allowPrivilegeEscalation: Check = {
  id: "allowPrivilegeEscalation",
  rules: [
    { since: 8, rule },
    { since: 25, rule: exceptOnWindows(rule) },
  ],
};

function rule({ spec }: CheckedPod): Violation | undefined {
  const bad = namesOf(spec, ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
  if (bad.length === 0) return undefined;
  return {
    reason: "allowPrivilegeEscalation != false",
    detail: `${named("container", bad)} must set securityContext.allowPrivilegeEscalation=false`,
  };
}
