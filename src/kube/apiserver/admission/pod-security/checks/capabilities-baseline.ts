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

const ALLOWED = new Set([
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
]);

interface WithCapabilities {
  securityContext?: { capabilities?: { add?: string[] } };
}

/** Containers gain nothing beyond what runtimes give by default, without NET_RAW. */
export const capabilitiesBaseline: Check = { id: "capabilities_baseline", rules: [{ since: 0, rule }] };

function rule({ spec }: CheckedPod): Violation | undefined {
  const bad = namesOf(spec, (one) => forbiddenOf(one).length > 0);
  if (bad.length === 0) return undefined;
  const capabilities = sorted(containers(spec).flatMap(forbiddenOf));
  return {
    reason: "non-default capabilities",
    detail: `${named("container", bad)} must not include ${quoted(capabilities)} in securityContext.capabilities.add`,
  };
}

const forbiddenOf = ({ securityContext }: WithCapabilities): string[] =>
  (securityContext?.capabilities?.add ?? []).filter((one) => !ALLOWED.has(one));
