import { Buffer } from "node:buffer";
import { isQualifiedName, jsonEquals } from "../../../formats/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import { nodeLabelDeprecation } from "../core/deprecated-node-labels.ts";
import {
  forbidden,
  IMMUTABLE,
  invalid,
  invalidEach,
  notSupported,
  required,
  tooLong,
} from "../field-error.ts";
import type { StorageClass } from "../generated/types.ts";
import type { FieldError, KindDefinition } from "../types.ts";
import { validateAllowedTopologies } from "./allowed-topologies.ts";

/** Any of them says that claims which name no class get this one. */
export const DEFAULT_STORAGE_CLASS_ANNOTATIONS = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class",
];
const MAX_PARAMETERS = 512;
const MAX_PARAMETER_BYTES = 256 * 1024;

export const storageClasses: KindDefinition<StorageClass> = {
  group: "storage.k8s.io",
  version: "v1",
  kind: "StorageClass",
  resource: "storageclasses",
  singular: "storageclass",
  shortNames: ["sc"],
  namespaced: false,
  model: "io.k8s.api.storage.v1.StorageClass",
  hasStatus: false,
  allowUnconditionalUpdate: true,
  returnsDeletedObject: true,
  defaults,
  validate,
  validateUpdate,
  warnings,
  columns: [
    {
      ...nameColumn,
      cell: (one: StorageClass) => `${one.metadata.name}${isDefaultStorageClass(one) ? " (default)" : ""}`,
    },
    textColumn("Provisioner", (one: StorageClass) => one.provisioner),
    textColumn("ReclaimPolicy", (one: StorageClass) => one.reclaimPolicy ?? "Delete"),
    textColumn("VolumeBindingMode", (one: StorageClass) => one.volumeBindingMode ?? "Immediate"),
    textColumn("AllowVolumeExpansion", (one: StorageClass) => one.allowVolumeExpansion ?? false),
    ageColumn,
  ],
};

function isDefaultStorageClass({ metadata }: Pick<StorageClass, "metadata">): boolean {
  return DEFAULT_STORAGE_CLASS_ANNOTATIONS.some((name) => metadata.annotations?.[name] === "true");
}

function defaults(storageClass: StorageClass): void {
  storageClass.reclaimPolicy ??= "Delete";
  storageClass.volumeBindingMode ??= "Immediate";
}

function validate({ provisioner, parameters = {}, reclaimPolicy, ...rest }: StorageClass): FieldError[] {
  const policies = ["Delete", "Retain"];
  const modes = ["Immediate", "WaitForFirstConsumer"];
  const mode = rest.volumeBindingMode ?? "";
  return [
    ...validateProvisioner(provisioner),
    ...validateParameters(parameters),
    ...(reclaimPolicy && !policies.includes(reclaimPolicy)
      ? [notSupported("reclaimPolicy", reclaimPolicy, policies)]
      : []),
    ...(modes.includes(mode) ? [] : [notSupported("volumeBindingMode", mode, modes)]),
    ...validateAllowedTopologies(rest.allowedTopologies ?? [], "allowedTopologies"),
  ];
}

function validateProvisioner(provisioner: string): FieldError[] {
  const path = "provisioner";
  if (provisioner === "") return [required(path)];
  const name = provisioner.toLowerCase();
  return invalidEach(path, name, isQualifiedName(name));
}

function validateParameters(parameters: Record<string, string>): FieldError[] {
  const path = "parameters";
  const entries = Object.entries(parameters);
  if (entries.length > MAX_PARAMETERS) return [tooLong(path, MAX_PARAMETERS)];
  const errors = entries
    .filter(([key]) => key === "")
    .map(([key]) => invalid(path, key, "field can not be empty."));
  const bytes = entries.reduce((sum, pair) => sum + Buffer.byteLength(pair.join("")), 0);
  return bytes > MAX_PARAMETER_BYTES ? [...errors, tooLong(path, MAX_PARAMETER_BYTES)] : errors;
}

function validateUpdate(next: StorageClass, previous: StorageClass): FieldError[] {
  const errors: FieldError[] = [];
  if (!jsonEquals(next.parameters ?? {}, previous.parameters ?? {}))
    errors.push(forbidden("parameters", "updates to parameters are forbidden."));
  if (next.provisioner !== previous.provisioner)
    errors.push(forbidden("provisioner", "updates to provisioner are forbidden."));
  if (next.reclaimPolicy !== previous.reclaimPolicy)
    errors.push(forbidden("reclaimPolicy", "updates to reclaimPolicy are forbidden."));
  if (next.volumeBindingMode !== previous.volumeBindingMode)
    errors.push(invalid("volumeBindingMode", next.volumeBindingMode, IMMUTABLE));
  return errors;
}

function warnings({ allowedTopologies = [] }: StorageClass): string[] {
  return allowedTopologies.flatMap(({ matchLabelExpressions = [] }, index) =>
    matchLabelExpressions.flatMap(({ key }, at) => {
      const deprecation = nodeLabelDeprecation(key);
      const path = `allowedTopologies[${index}].matchLabelExpressions[${at}].key`;
      return deprecation === undefined ? [] : [`${path}: ${deprecation}`];
    }),
  );
}
