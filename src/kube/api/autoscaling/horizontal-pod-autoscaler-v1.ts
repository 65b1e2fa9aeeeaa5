import type { HorizontalPodAutoscaler, V2HorizontalPodAutoscaler } from "../generated/types.ts";
import type { KindDefinition, KubeObject, WriteContext } from "../types.ts";
import { horizontalPodAutoscalers, setDefaults } from "./horizontal-pod-autoscaler.ts";
import { ROUND_TRIP_ANNOTATIONS } from "./round-trip-annotations.ts";
import { fromV2, toV2 } from "./v1-conversion.ts";

const {
  validate,
  validateStatusUpdate,
  prepareForCreate,
  prepareForUpdate,
  prepareForStatusUpdate,
  columns,
} = horizontalPodAutoscalers as Required<KindDefinition<V2HorizontalPodAutoscaler>>;

/** The older view of an autoscaler: what it has no fields for stands in annotations. All rules are those of v2. */
export const horizontalPodAutoscalersV1: KindDefinition<HorizontalPodAutoscaler> = {
  group: "autoscaling",
  version: "v1",
  kind: "HorizontalPodAutoscaler",
  resource: "horizontalpodautoscalers",
  singular: "horizontalpodautoscaler",
  shortNames: ["hpa"],
  categories: ["all"],
  namespaced: true,
  model: "io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler",
  annotationsOfFields: ROUND_TRIP_ANNOTATIONS,
  storedAs: {
    group: "autoscaling",
    version: "v2",
    resource: "horizontalpodautoscalers",
    toStored,
    fromStored: (stored) => fromV2(stored as V2HorizontalPodAutoscaler & KubeObject),
  },
  hasStatus: true,
  allowUnconditionalUpdate: true,
  takesOldMetadata: true,
  defaults: ({ spec }) => {
    spec.minReplicas ??= 1;
  },
  validate: (autoscaler) => validate(toV2(autoscaler)),
  validateStatusUpdate: (next, previous) => validateStatusUpdate(toV2(next), toV2(previous)),
  prepareForCreate: (autoscaler, context) =>
    changeAsV2(autoscaler, (stored) => prepareForCreate(stored, context)),
  prepareForUpdate: preparedAsV2(prepareForUpdate),
  prepareForStatusUpdate: preparedAsV2(prepareForStatusUpdate),
  columns: columns.map((column) => ({
    ...column,
    cell: (autoscaler: HorizontalPodAutoscaler, context) => column.cell(toV2(autoscaler), context),
  })),
};

function toStored(autoscaler: HorizontalPodAutoscaler): KubeObject {
  const stored = toV2(autoscaler);
  setDefaults(stored);
  return stored as V2HorizontalPodAutoscaler & KubeObject;
}

type Prepare = (
  next: V2HorizontalPodAutoscaler,
  previous: V2HorizontalPodAutoscaler,
  context?: WriteContext,
) => void;

function preparedAsV2(prepare: Prepare) {
  return (next: HorizontalPodAutoscaler, previous: HorizontalPodAutoscaler, context?: WriteContext): void =>
    changeAsV2(next, (stored) => prepare(stored, toV2(previous), context));
}

function changeAsV2(
  autoscaler: HorizontalPodAutoscaler,
  change: (stored: V2HorizontalPodAutoscaler) => void,
): void {
  const stored = toV2(autoscaler);
  change(stored);
  Object.assign(autoscaler, fromV2(stored));
}
