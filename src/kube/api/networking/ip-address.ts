import { isDns1123Subdomain, isPathSegment, jsonEquals } from "../../../formats/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import { IMMUTABLE, invalid, invalidEach, required } from "../field-error.ts";
import type { IPAddress, ParentReference } from "../generated/types.ts";
import { goStruct } from "../go-value.ts";
import { canonicalIpProblems } from "../ip-address.ts";
import { groupResourceText } from "../status-error.ts";
import type { FieldError, KindDefinition } from "../types.ts";

export const ipAddresses: KindDefinition<IPAddress> = {
  group: "networking.k8s.io",
  version: "v1",
  kind: "IPAddress",
  resource: "ipaddresses",
  singular: "ipaddress",
  shortNames: ["ip"],
  namespaced: false,
  model: "io.k8s.api.networking.v1.IPAddress",
  hasStatus: false,
  allowUnconditionalUpdate: true,
  nameValidation: canonicalIpProblems,
  validate: ({ spec }) => validateParent(spec.parentRef, "spec.parentRef"),
  validateUpdate,
  columns: [
    nameColumn,
    textColumn("ParentRef", ({ spec }: IPAddress) => parentText(spec.parentRef)),
    { ...ageColumn, isUndefined: true },
  ],
};

/** The group of a Service is the empty one, so none is asked for. */
function validateParent(parent: ParentReference | undefined, path: string): FieldError[] {
  if (parent === undefined) return [required(path)];
  const { group, resource = "", name = "", namespace } = parent;
  return [
    ...(group ? invalidEach(`${path}.group`, group, isDns1123Subdomain(group)) : []),
    ...(resource === ""
      ? [required(`${path}.resource`)]
      : invalidEach(`${path}.resource`, resource, isPathSegment(resource))),
    ...(name === "" ? [required(`${path}.name`)] : invalidEach(`${path}.name`, name, isPathSegment(name))),
    ...(namespace ? invalidEach(`${path}.namespace`, namespace, isPathSegment(namespace)) : []),
  ];
}

function validateUpdate({ spec: next }: IPAddress, { spec: previous }: IPAddress): FieldError[] {
  if (jsonEquals(next.parentRef, previous.parentRef)) return [];
  return [invalid("spec.parentRef", goParent(next.parentRef), IMMUTABLE)];
}

function goParent(parent: ParentReference | undefined) {
  if (parent === undefined) return undefined;
  const { group = "", resource = "", namespace = "", name = "" } = parent;
  return goStruct("networking.ParentReference", {
    Group: group,
    Resource: resource,
    Namespace: namespace,
    Name: name,
  });
}

function parentText(parent: ParentReference | undefined): string {
  if (parent === undefined) return "<none>";
  const { group = "", resource = "", namespace, name } = parent;
  return [groupResourceText({ group, resource }).toLowerCase(), namespace, name].filter(Boolean).join("/");
}
