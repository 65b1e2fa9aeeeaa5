import { type Check, type CheckedPod, named, namesOf, setters, type Violation } from "../check.ts";

const REASON = "runAsNonRoot != true";

export const runAsNonRoot: Check = { id: "runAsNonRoot", rules: [{ since: 0, rule }] };

function rule({ spec }: CheckedPod): Violation | undefined {
  const ofPod = spec.securityContext?.runAsNonRoot;
  const refusing = setters(
    ofPod === false,
    namesOf(spec, ({ securityContext }) => securityContext?.runAsNonRoot === false),
  );
  if (refusing !== "")
    return { reason: REASON, detail: `${refusing} must not set securityContext.runAsNonRoot=false` };
  const silent = ofPod
    ? []
    : namesOf(spec, ({ securityContext }) => securityContext?.runAsNonRoot === undefined);
  if (silent.length === 0) return undefined;
  return {
    reason: REASON,
    detail: `pod or ${named("container", silent)} must set securityContext.runAsNonRoot=true`,
  };
}
