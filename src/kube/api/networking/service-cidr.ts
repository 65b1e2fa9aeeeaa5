import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import { GoLiteral, goStringList, IMMUTABLE, invalid, required } from "../field-error.ts";
import type { ServiceCIDR, ServiceCIDRSpec } from "../generated/types.ts";
import { goStruct } from "../go-value.ts";
import { parseCidr, validateCanonicalCidr } from "../ip-address.ts";
import { keepSpec } from "../strategy.ts";
import type { FieldError, KindDefinition } from "../types.ts";

const PATH = "spec.cidrs";
const KEPT_BY_STATUS = [
  "deletionTimestamp",
  "generation",
  "labels",
  "annotations",
  "finalizers",
  "ownerReferences",
] as const;

export const serviceCidrs: KindDefinition<ServiceCIDR> = {
  group: "networking.k8s.io",
  version: "v1",
  kind: "ServiceCIDR",
  resource: "servicecidrs",
  singular: "servicecidr",
  namespaced: false,
  model: "io.k8s.api.networking.v1.ServiceCIDR",
  hasStatus: true,
  allowUnconditionalUpdate: true,
  validate: ({ spec }, previous) => (previous === undefined ? validateSpec(spec) : []),
  validateUpdate,
  takesOldMetadata: true,
  // Its status may be written with the rest.
  prepareForUpdate: () => {},
  prepareForStatusUpdate: keepAllButStatus,
  columns: [
    nameColumn,
    textColumn("CIDRs", ({ spec }: ServiceCIDR) => (spec.cidrs ?? []).join(",")),
    ageColumn,
  ],
};

function validateSpec({ cidrs = [] }: ServiceCIDRSpec): FieldError[] {
  if (cidrs.length === 0) return [required(PATH, "at least one CIDR required")];
  if (cidrs.length > 2)
    return [
      invalid(
        PATH,
        goStruct("networking.ServiceCIDRSpec", { CIDRs: new GoLiteral(goStringList(cidrs)) }),
        "may only hold up to 2 values",
      ),
    ];
  const errors = cidrs.flatMap((cidr, index) => validateCanonicalCidr(`${PATH}[${index}]`, cidr));
  const [first, second] = cidrs.map((cidr) => parseCidr(cidr)?.family);
  if (cidrs.length === 2 && first !== undefined && first === second) {
    const why = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
    errors.push(invalid(PATH, cidrs, why));
  }
  return errors;
}

/** A network never changes; a second one may join it. */
function validateUpdate({ spec: next }: ServiceCIDR, { spec: previous }: ServiceCIDR): FieldError[] {
  const [now, before] = [next.cidrs ?? [], previous.cidrs ?? []];
  const isJoined = before.length === 1 && now.length === 2;
  if (now.length !== before.length && !isJoined)
    return [invalid(PATH, new GoLiteral(goStringList(next.cidrs)), IMMUTABLE)];
  const errors = before.flatMap((cidr, index) =>
    now[index] === cidr ? [] : [invalid(`${PATH}[${index}]`, now[index], IMMUTABLE)],
  );
  return isJoined ? [...errors, ...validateSpec(next)] : errors;
}

/** Not even labels change with the status (metav1.ResetObjectMetaForStatus). */
function keepAllButStatus(next: ServiceCIDR, previous: ServiceCIDR): void {
  keepSpec(next, previous);
  for (const field of KEPT_BY_STATUS) {
    delete next.metadata[field];
    if (previous.metadata[field] !== undefined)
      Object.assign(next.metadata, { [field]: previous.metadata[field] });
  }
}
