import type { KindDefinition } from "../types.ts";
import { mutatingWebhookConfigurations } from "./mutating-webhook-configuration.ts";
import { validatingAdmissionPolicies } from "./validating-admission-policy.ts";
import { validatingAdmissionPolicyBindings } from "./validating-admission-policy-binding.ts";
import { validatingWebhookConfigurations } from "./validating-webhook-configuration.ts";

export const admissionRegistrationKinds: readonly KindDefinition[] = [
  mutatingWebhookConfigurations,
  validatingWebhookConfigurations,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
];
