import {
  type ValidatingAdmissionPolicy,
  type ValidatingAdmissionPolicyBinding,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
} from "../../../api/index.ts";
import type { ObjectLookup } from "../../objects/object-lookup.ts";

export interface BoundPolicy {
  policy: ValidatingAdmissionPolicy;
  bindings: ValidatingAdmissionPolicyBinding[];
}

/** The policies that some binding puts into force, each with its bindings, by their names. */
export async function boundPolicies(lookup: ObjectLookup): Promise<BoundPolicy[]> {
  const bindings = (await lookup.list(
    validatingAdmissionPolicyBindings,
  )) as readonly unknown[] as ValidatingAdmissionPolicyBinding[];
  if (bindings.length === 0) return [];
  const byPolicy = Map.groupBy(bindings, ({ spec }) => spec.policyName ?? "");
  const policies = (await lookup.list(
    validatingAdmissionPolicies,
  )) as readonly unknown[] as ValidatingAdmissionPolicy[];
  return policies.flatMap((policy) => {
    const own = byPolicy.get(policy.metadata.name);
    return own ? [{ policy, bindings: own }] : [];
  });
}
