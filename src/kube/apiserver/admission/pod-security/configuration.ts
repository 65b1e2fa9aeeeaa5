import { type Policy, PRIVILEGED_POLICY } from "./policy.ts";

/** pod-security.admission.config.k8s.io PodSecurityConfiguration, read. */
export interface PodSecurityConfiguration {
  /** Of namespaces whose labels say nothing. */
  defaults: Policy;
  /** Who and what is let through whatever the labels say. */
  exemptions: Exemptions;
}

interface Exemptions {
  usernames: readonly string[];
  namespaces: readonly string[];
  runtimeClasses: readonly string[];
}

export const DEFAULT_CONFIGURATION: PodSecurityConfiguration = {
  defaults: PRIVILEGED_POLICY,
  exemptions: { usernames: [], namespaces: [], runtimeClasses: [] },
};
