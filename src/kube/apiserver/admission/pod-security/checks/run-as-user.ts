import { type Check, type CheckedPod, namesOf, setters, type Violation } from "../check.ts";

export const runAsUser: Check = { id: "runAsUser", rules: [{ since: 23, rule }] };

function rule({ spec }: CheckedPod): Violation | undefined {
  const who = setters(
    spec.securityContext?.runAsUser === 0,
    namesOf(spec, ({ securityContext }) => securityContext?.runAsUser === 0),
  );
  return who === "" ? undefined : { reason: "runAsUser=0", detail: `${who} must not set runAsUser=0` };
}
