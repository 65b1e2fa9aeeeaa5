import {
  type Check,
  type CheckedPod,
  containers,
  exceptOnWindows,
  named,
  namesOf,
  quoted,
  sorted,
  type Violation,
} from "../check.ts";
import { capabilitiesBaseline } from "./capabilities-baseline.ts";

interface WithCapabilities {
  securityContext?: { capabilities?: { add?: string[]; drop?: string[] } };
}

/** Containers drop all capabilities, and add NET_BIND_SERVICE at the most. */
export const capabilitiesRestricted: Check = {
  id: "capabilities_restricted",
  overrides: capabilitiesBaseline.id,
  rules: [
    { since: 22, rule },
    { since: 25, rule: exceptOnWindows(rule) },
  ],
};

function rule({ spec }: CheckedPod): Violation | undefined {
  const keeping = namesOf(
    spec,
    ({ securityContext }) => !securityContext?.capabilities?.drop?.includes("ALL"),
  );
  const adding = namesOf(spec, (one) => forbiddenOf(one).length > 0);
  const details: string[] = [];
  if (keeping.length > 0)
    details.push(`${named("container", keeping)} must set securityContext.capabilities.drop=["ALL"]`);
  if (adding.length > 0) {
    const added = quoted(sorted(containers(spec).flatMap(forbiddenOf)));
    details.push(
      `${named("container", adding)} must not include ${added} in securityContext.capabilities.add`,
    );
  }
  return details.length === 0
    ? undefined
    : { reason: "unrestricted capabilities", detail: details.join("; ") };
}

const forbiddenOf = ({ securityContext }: WithCapabilities): string[] =>
  (securityContext?.capabilities?.add ?? []).filter((one) => one !== "NET_BIND_SERVICE");
