import { ageColumn, integerColumn, textColumn } from "../columns.ts";
import { nonNegative } from "../field-error.ts";
import type { Scale } from "../generated/types.ts";
import type { KindDefinition } from "../types.ts";

export const scales: KindDefinition<Scale> = {
  group: "autoscaling",
  version: "v1",
  kind: "Scale",
  resource: "scales",
  singular: "scale",
  namespaced: true,
  model: "io.k8s.api.autoscaling.v1.Scale",
  verbs: ["get", "patch", "update"],
  use: "body",
  hasStatus: false,
  validate: (scale) => nonNegative("spec.replicas", scale.spec?.replicas),
  columns: [
    textColumn("Name", (scale: Scale) => scale.metadata.name),
    integerColumn("Desired", (scale: Scale) => scale.spec?.replicas ?? 0),
    integerColumn("Available", (scale: Scale) => scale.status?.replicas ?? 0),
    ageColumn,
  ],
};
