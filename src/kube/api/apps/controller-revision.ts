import { isJsonObject, jsonEquals } from "../../../formats/index.ts";
import { parseApiVersion } from "../api-version.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import { IMMUTABLE, invalid, nonNegative, required } from "../field-error.ts";
import type { ControllerRevision } from "../generated/types.ts";
import { goRawExtension } from "../go-value.ts";
import type { FieldError, KindDefinition } from "../types.ts";

export const controllerRevisions: KindDefinition<ControllerRevision> = {
  group: "apps",
  version: "v1",
  kind: "ControllerRevision",
  resource: "controllerrevisions",
  singular: "controllerrevision",
  namespaced: true,
  model: "io.k8s.api.apps.v1.ControllerRevision",
  hasStatus: false,
  allowUnconditionalUpdate: true,
  validate,
  validateUpdate,
  columns: [
    nameColumn,
    textColumn("Controller", controllerText),
    textColumn("Revision", (revision: ControllerRevision) => revision.revision ?? 0),
    ageColumn,
  ],
};

function validate(revision: ControllerRevision): FieldError[] {
  const errors = nonNegative("revision", revision.revision);
  // Only a new one is asked for its data; what an update brings must be what was there.
  return revision.metadata.resourceVersion ? errors : [...errors, ...validateData(revision.data)];
}

function validateData(data: unknown): FieldError[] {
  if (data === undefined || data === null) return [required("data", "data is mandatory")];
  return isJsonObject(data) ? [] : [required("data", "data must be a valid JSON object")];
}

function validateUpdate(next: ControllerRevision, previous: ControllerRevision): FieldError[] {
  return jsonEquals(next.data, previous.data) ? [] : [invalid("data", goRawExtension(next.data), IMMUTABLE)];
}

function controllerText(revision: ControllerRevision): string {
  const owner = revision.metadata.ownerReferences?.find((one) => one.controller);
  if (owner === undefined) return "<none>";
  const { group } = parseApiVersion(owner.apiVersion);
  const kind = group === "" ? owner.kind : `${owner.kind}.${group}`;
  return `${kind.toLowerCase()}/${owner.name}`;
}
