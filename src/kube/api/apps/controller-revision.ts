import { jsonEquals } from "../../../formats/index.ts";
import { parseApiVersion } from "../api-version.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import { IMMUTABLE, invalid, nonNegative, required } from "../field-error.ts";
import type { ControllerRevision } from "../generated/types.ts";
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
  const errors = revision.data === undefined ? [required("data", "data is mandatory")] : [];
  return [...errors, ...nonNegative("revision", revision.revision)];
}

function validateUpdate(next: ControllerRevision, previous: ControllerRevision): FieldError[] {
  return jsonEquals(next.data, previous.data) ? [] : [invalid("data", next.data, IMMUTABLE)];
}

function controllerText(revision: ControllerRevision): string {
  const owner = revision.metadata.ownerReferences?.find((one) => one.controller);
  if (owner === undefined) return "<none>";
  const { group } = parseApiVersion(owner.apiVersion);
  const kind = group === "" ? owner.kind : `${owner.kind}.${group}`;
  return `${kind.toLowerCase()}/${owner.name}`;
}
