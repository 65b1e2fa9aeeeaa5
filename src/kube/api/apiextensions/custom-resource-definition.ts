import { isDns1123Subdomain, jsonEquals } from "../../../formats/index.ts";
import { GoLiteral, goStringList, invalid } from "../field-error.ts";
import type { CustomResourceDefinition } from "../generated/types.ts";
import { keepSpec, keepStatus } from "../strategy.ts";
import type { FieldError, KindDefinition } from "../types.ts";
import { validateApproval } from "./api-approval.ts";
import { internalSpec } from "./internal-spec.ts";
import { CREATE_OPTIONS, updateOptions } from "./schema-options.ts";
import { markForDeletion } from "./termination.ts";
import { validateNames } from "./validate-names.ts";
import { validateSpec, validateSpecUpdate } from "./validate-spec.ts";

export const customResourceDefinitions: KindDefinition<CustomResourceDefinition> = {
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  resource: "customresourcedefinitions",
  singular: "customresourcedefinition",
  shortNames: ["crd", "crds"],
  categories: ["api-extensions"],
  namespaced: false,
  model: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
  hasStatus: true,
  tracksGeneration: true,
  allowCreateOnUpdate: false,
  allowUnconditionalUpdate: false,
  takesAnyFinalizer: true,
  takesOldMetadata: true,
  markForDeletion,
  nameValidation: nameProblems,
  defaults,
  validate,
  validateStatusUpdate,
  prepareForCreate,
  prepareForUpdate,
  prepareForStatusUpdate: keepSpec,
  columns: [],
};

function defaults({ spec, status }: CustomResourceDefinition): void {
  const { names } = spec;
  if (!names.singular && names.kind !== "") names.singular = names.kind.toLowerCase();
  if (!names.listKind && names.kind !== "") names.listKind = `${names.kind}List`;
  spec.conversion ??= { strategy: "None" };
  const { webhook } = spec.conversion;
  const service = webhook?.clientConfig?.service;
  if (service !== undefined) service.port ??= 443;
  // Upstream's internal type has no place for a webhook of which nothing is known.
  if (webhook !== undefined && webhook.clientConfig === undefined && !webhook.conversionReviewVersions)
    delete spec.conversion.webhook;
  if (status !== undefined && (status.storedVersions ?? []).length === 0) addStoredVersion({ spec, status });
}

/** The version that objects are stored in is one of those that they may have been stored in. */
function addStoredVersion({ spec, status }: Pick<CustomResourceDefinition, "spec" | "status">): void {
  const stored = spec.versions?.find((version) => version.storage)?.name;
  if (stored === undefined || status === undefined || status.storedVersions?.includes(stored)) return;
  status.storedVersions = [...(status.storedVersions ?? []), stored];
}

function prepareForCreate(definition: CustomResourceDefinition): void {
  definition.status = {
    conditions: null,
    acceptedNames: { plural: "", kind: "" },
    storedVersions: null,
  } as unknown as NonNullable<CustomResourceDefinition["status"]>;
  addStoredVersion(definition);
}

function prepareForUpdate(next: CustomResourceDefinition, previous: CustomResourceDefinition): void {
  keepStatus(next, previous);
  if (!jsonEquals(next.spec, previous.spec))
    next.metadata.generation = (previous.metadata.generation ?? 0) + 1;
  addStoredVersion(next);
}

function nameProblems(name: string, { spec }: CustomResourceDefinition): string[] {
  const problems = isDns1123Subdomain(name);
  const isNamed = name === `${spec.names.plural}.${spec.group}`;
  return isNamed ? problems : [...problems, 'must be spec.names.plural+"."+spec.group'];
}

function validate(next: CustomResourceDefinition, previous?: CustomResourceDefinition): FieldError[] {
  return [
    ...(previous === undefined
      ? validateSpec(internalSpec(next), CREATE_OPTIONS)
      : validateSpecUpdate(internalSpec(next), internalSpec(previous), updateOptions(next, previous))),
    ...validateStatus(next),
    ...validateApproval(next, previous),
    ...(previous?.spec.preserveUnknownFields ? [] : validatePreserveUnknownFields(next)),
  ];
}

function validateStatus(definition: CustomResourceDefinition): FieldError[] {
  return [...validateStatusUpdate(definition), ...validateStoredVersions(definition)];
}

function validateStatusUpdate({ status }: CustomResourceDefinition): FieldError[] {
  return validateNames(status?.acceptedNames ?? { plural: "", kind: "" }, "status.acceptedNames");
}

function validateStoredVersions({ spec, status }: CustomResourceDefinition): FieldError[] {
  const path = "status.storedVersions";
  const stored = status?.storedVersions ?? [];
  const shown = new GoLiteral(goStringList(status?.storedVersions));
  if (stored.length === 0) return [invalid(path, shown, "must have at least one stored version")];
  const versions = spec.versions ?? [];
  const errors = versions
    .filter((version) => version.storage && !stored.includes(version.name))
    .map((version) => invalid(path, shown, `must have the storage version ${version.name}`));
  stored.forEach((name, index) => {
    if (versions.some((version) => version.name === name)) return;
    const why = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
    errors.push(invalid(`${path}[${index}]`, name, why));
  });
  return errors;
}

function validatePreserveUnknownFields({ spec }: CustomResourceDefinition): FieldError[] {
  if (!spec.preserveUnknownFields) return [];
  const why =
    "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
  return [invalid("spec.preserveUnknownFields", true, why)];
}
