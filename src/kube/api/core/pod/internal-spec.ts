import type { PodSpec } from "../../generated/types.ts";

/** A pod's spec in the form of upstream's internal one: which namespaces of the host it shares is part of its security context. */
export function internalSpec(spec: PodSpec): object {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers } = spec;
  const ofHost = { hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers };
  return {
    ...spec,
    serviceAccountName: spec.serviceAccountName || spec.serviceAccount,
    securityContext: { ...spec.securityContext, ...ofHost },
  };
}
