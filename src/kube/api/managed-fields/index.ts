export { defaultManager } from "./default-manager.ts";
export { excludeFields, type FieldFilter, includeFields } from "./field-filter.ts";
export type { ManagedRequest } from "./field-manager.ts";
export type { FieldsV1 } from "./fields-v1.ts";
export { keepTimes } from "./keep-times.ts";
export { type ApplyRequest, manageApply } from "./manage-apply.ts";
export { manageUpdate, type UpdateRequest } from "./manage-update.ts";
export { type ManagedKind, managedKind } from "./managed-kind.ts";
export {
  deducedSchema,
  type MergeKey,
  type MergeList,
  type MergeMap,
  type MergeSchema,
  type ScalarType,
  untypedSchema,
} from "./merge-schema.ts";
export { modelSchema } from "./model-schema.ts";
export { fieldElement, type Path } from "./path-element.ts";
export { resetFieldsFilter } from "./reset-fields.ts";
export { parentManagers, type ReplicasPaths, scaleManagers } from "./scale-managers.ts";
export { singleVersion, type Versions } from "./versions.ts";
