import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import { invalid, nonNegative } from "../field-error.ts";
import type { Lease } from "../generated/types.ts";
import type { FieldError, KindDefinition } from "../types.ts";

/** Each node keeps a Lease of its name here as long as it lives. */
export const NODE_LEASE_NAMESPACE = "kube-node-lease";

export const leases: KindDefinition<Lease> = {
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  resource: "leases",
  singular: "lease",
  namespaced: true,
  model: "io.k8s.api.coordination.v1.Lease",
  hasStatus: false,
  allowCreateOnUpdate: true,
  // Whoever holds a lease must not lose it to somebody who has not seen that.
  allowUnconditionalUpdate: false,
  takesAnyFinalizer: true,
  prepareForCreate: (lease) => dropDisabledFields(lease),
  prepareForUpdate: dropDisabledFields,
  validate,
  columns: [nameColumn, textColumn("Holder", (lease: Lease) => lease.spec?.holderIdentity ?? ""), ageColumn],
};

function validate({ spec = {} }: Lease): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.leaseDurationSeconds !== undefined && spec.leaseDurationSeconds <= 0) {
    errors.push(invalid("spec.leaseDurationSeconds", spec.leaseDurationSeconds, "must be greater than 0"));
  }
  return [...errors, ...nonNegative("spec.leaseTransitions", spec.leaseTransitions)];
}

/** Fields of coordinated leader election, which is off by default, are dropped unless the lease has them already. */
function dropDisabledFields(next: Lease, previous?: Lease): void {
  for (const field of ["strategy", "preferredHolder"] as const)
    if (previous?.spec?.[field] === undefined) delete next.spec?.[field];
}
