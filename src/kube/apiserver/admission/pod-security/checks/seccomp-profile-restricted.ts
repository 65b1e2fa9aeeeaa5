import { type Check, type CheckedPod, exceptOnWindows, named, namesOf, type Violation } from "../check.ts";
import { forbiddenSeccompType, seccompProfileBaseline } from "./seccomp-profile-baseline.ts";

/** Every container has a filter of system calls, its own or its pod's. */
export const seccompProfileRestricted: Check = {
  id: "seccompProfile_restricted",
  overrides: seccompProfileBaseline.id,
  rules: [
    { since: 19, rule },
    { since: 25, rule: exceptOnWindows(rule) },
  ],
};

function rule(pod: CheckedPod): Violation | undefined {
  const forbidden = forbiddenSeccompType(pod);
  if (forbidden || pod.spec.securityContext?.seccompProfile) return forbidden;
  const silent = namesOf(pod.spec, ({ securityContext }) => !securityContext?.seccompProfile);
  if (silent.length === 0) return undefined;
  return {
    reason: "seccompProfile",
    detail: `pod or ${named("container", silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  };
}
