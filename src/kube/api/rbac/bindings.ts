import { isDns1123Subdomain, isPathSegment, jsonEquals } from "../../../formats/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import { invalid, invalidEach, notSupported, required } from "../field-error.ts";
import type { RoleRef, Subject } from "../generated/types.ts";
import { goStruct } from "../go-value.ts";
import type { FieldError, KubeObject, TableColumn } from "../types.ts";

const RBAC_GROUP = "rbac.authorization.k8s.io";

interface Binding extends KubeObject {
  roleRef: RoleRef;
  subjects?: Subject[];
}

export function setBindingDefaults(binding: Binding): void {
  if (binding.roleRef !== undefined) binding.roleRef.apiGroup ||= RBAC_GROUP;
  for (const subject of binding.subjects ?? []) {
    if (subject.kind === "User" || subject.kind === "Group") subject.apiGroup ||= RBAC_GROUP;
  }
}

export function validateBinding(binding: Binding, isNamespaced: boolean): FieldError[] {
  const { apiGroup = "", kind = "", name = "" } = binding.roleRef ?? {};
  const errors: FieldError[] = [];
  if (apiGroup !== RBAC_GROUP) errors.push(notSupported("roleRef.apiGroup", apiGroup, [RBAC_GROUP]));
  const roleKinds = isNamespaced ? ["Role", "ClusterRole"] : ["ClusterRole"];
  if (!roleKinds.includes(kind)) errors.push(notSupported("roleRef.kind", kind, roleKinds));
  if (name === "") errors.push(required("roleRef.name"));
  else errors.push(...invalidEach("roleRef.name", name, isPathSegment(name)));
  binding.subjects?.forEach((subject, index) => {
    errors.push(...validateSubject(subject, isNamespaced, `subjects[${index}]`));
  });
  return errors;
}

/** An account of a RoleBinding is of the binding's namespace where it names none. */
function validateSubject(subject: Subject, isNamespaced: boolean, path: string): FieldError[] {
  const { kind, name = "", namespace = "", apiGroup = "" } = subject;
  const errors: FieldError[] = name === "" ? [required(`${path}.name`)] : [];
  switch (kind) {
    case "ServiceAccount":
      if (name !== "") errors.push(...invalidEach(`${path}.name`, name, isDns1123Subdomain(name)));
      if (apiGroup !== "") errors.push(notSupported(`${path}.apiGroup`, apiGroup, [""]));
      if (!isNamespaced && namespace === "") errors.push(required(`${path}.namespace`));
      return errors;
    case "User":
    case "Group":
      if (apiGroup !== RBAC_GROUP) errors.push(notSupported(`${path}.apiGroup`, apiGroup, [RBAC_GROUP]));
      return errors;
    default:
      return [...errors, notSupported(`${path}.kind`, kind ?? "", ["ServiceAccount", "User", "Group"])];
  }
}

export function validateBindingUpdate(next: Binding, previous: Binding): FieldError[] {
  if (jsonEquals(next.roleRef, previous.roleRef)) return [];
  const { apiGroup, kind, name } = next.roleRef;
  const shown = goStruct("rbac.RoleRef", { APIGroup: apiGroup, Kind: kind, Name: name });
  return [invalid("roleRef", shown, "cannot change roleRef")];
}

const subjectNames = (binding: Binding, kind: string): string =>
  (binding.subjects ?? [])
    .filter((subject) => subject.kind === kind)
    .map((subject) => (kind === "ServiceAccount" ? `${subject.namespace}/${subject.name}` : subject.name))
    .join(", ");

export const bindingColumns: TableColumn[] = [
  nameColumn,
  textColumn("Role", (binding: Binding) => `${binding.roleRef.kind}/${binding.roleRef.name}`),
  ageColumn,
  textColumn("Users", (binding: Binding) => subjectNames(binding, "User"), { wide: true }),
  textColumn("Groups", (binding: Binding) => subjectNames(binding, "Group"), { wide: true }),
  textColumn("ServiceAccounts", (binding: Binding) => subjectNames(binding, "ServiceAccount"), {
    wide: true,
  }),
];
