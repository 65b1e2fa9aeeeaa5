import { ageColumn, integerColumn, nameColumn, textColumn } from "../columns.ts";
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicySpec } from "../generated/types.ts";
import type { KindDefinition } from "../types.ts";
import { setMatchResourcesDefaults } from "./match-resources.ts";
import { validatePolicy } from "./validate-policy.ts";
import { validatePolicyStatus } from "./validate-policy-status.ts";

type Policy = ValidatingAdmissionPolicy;

export const validatingAdmissionPolicies: KindDefinition<Policy> = {
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "ValidatingAdmissionPolicy",
  resource: "validatingadmissionpolicies",
  singular: "validatingadmissionpolicy",
  categories: ["api-extensions"],
  namespaced: false,
  model: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy",
  hasStatus: true,
  statusTellsOfMetadata: "nothing",
  tracksGeneration: true,
  takesAnyFinalizer: true,
  tellsMetadataChangesOnce: true,
  defaults,
  validate: validatePolicy,
  validateStatusUpdate: validatePolicyStatus,
  prepareForCreate: (policy) => {
    policy.status = {};
  },
  columns: [
    nameColumn,
    integerColumn("Validations", ({ spec }: Policy) => spec.validations?.length ?? 0),
    textColumn("ParamKind", ({ spec: { paramKind } }: Policy) =>
      paramKind === undefined ? "<unset>" : `${paramKind.apiVersion ?? ""}/${paramKind.kind ?? ""}`,
    ),
    ageColumn,
  ],
};

function defaults(policy: Policy): void {
  policy.spec ??= {} as ValidatingAdmissionPolicySpec;
  policy.spec.failurePolicy ??= "Fail";
  if (policy.spec.matchConstraints) setMatchResourcesDefaults(policy.spec.matchConstraints);
}
