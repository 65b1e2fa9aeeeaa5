import { compareQuantities, isDns1123Subdomain, jsonEquals } from "../../../formats/index.ts";
import { nodeLabelDeprecation } from "../core/deprecated-node-labels.ts";
import { goLabelSelector, IMMUTABLE, invalid, invalidEach } from "../field-error.ts";
import type { CSIStorageCapacity } from "../generated/types.ts";
import { validateLabelSelector } from "../meta/label-selector.ts";
import type { FieldError, KindDefinition } from "../types.ts";

export const csiStorageCapacities: KindDefinition<CSIStorageCapacity> = {
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSIStorageCapacity",
  resource: "csistoragecapacities",
  singular: "csistoragecapacity",
  namespaced: true,
  model: "io.k8s.api.storage.v1.CSIStorageCapacity",
  hasStatus: false,
  allowUnconditionalUpdate: false,
  validate,
  validateUpdate,
  warnings,
  // Upstream prints it with the columns of all kinds.
  columns: [],
};

function validate({ nodeTopology, storageClassName, capacity }: CSIStorageCapacity): FieldError[] {
  const errors = [
    ...validateLabelSelector(nodeTopology, "nodeTopology"),
    ...invalidEach("storageClassName", storageClassName, isDns1123Subdomain(storageClassName)),
  ];
  if (capacity !== undefined && compareQuantities(capacity, "0") < 0)
    errors.push(invalid("capacity", capacity, "must be greater than or equal to 0"));
  return errors;
}

function validateUpdate(next: CSIStorageCapacity, previous: CSIStorageCapacity): FieldError[] {
  const errors: FieldError[] = [];
  if (!jsonEquals(next.nodeTopology, previous.nodeTopology)) {
    const shown = next.nodeTopology && goLabelSelector(next.nodeTopology);
    errors.push(invalid("nodeTopology", shown, IMMUTABLE));
  }
  if (next.storageClassName !== previous.storageClassName)
    errors.push(invalid("storageClassName", next.storageClassName, IMMUTABLE));
  return errors;
}

function warnings({
  nodeTopology: { matchLabels = {}, matchExpressions = [] } = {},
}: CSIStorageCapacity): string[] {
  const ofExpressions = matchExpressions.flatMap(({ key }, index) => {
    const deprecation = nodeLabelDeprecation(key);
    const path = `nodeTopology.matchExpressions[${index}].key`;
    return deprecation === undefined ? [] : [`${path}: ${key} is ${deprecation}`];
  });
  const ofLabels = Object.keys(matchLabels).flatMap((key) => {
    const deprecation = nodeLabelDeprecation(key);
    return deprecation === undefined ? [] : [`nodeTopology.matchLabels.${key}: ${deprecation}`];
  });
  return [...ofExpressions, ...ofLabels];
}
