import type { ObjectMeta } from "../types.ts";

const PREFIX = "autoscaling.alpha.kubernetes.io/";

/** In these autoscaling/v1 keeps what its own fields cannot say. */
export const ROUND_TRIP = {
  metrics: `${PREFIX}metrics`,
  currentMetrics: `${PREFIX}current-metrics`,
  conditions: `${PREFIX}conditions`,
  behavior: `${PREFIX}behavior`,
} as const;

export const ROUND_TRIP_ANNOTATIONS = [
  ...Object.values(ROUND_TRIP),
  `${PREFIX}scale-down-tolerance`,
  `${PREFIX}scale-up-tolerance`,
];

/** They are no annotations of the object (DropRoundTripHorizontalPodAutoscalerAnnotations). */
export function dropRoundTripAnnotations(metadata: Pick<ObjectMeta, "annotations">): void {
  const { annotations } = metadata;
  if (annotations === undefined || !ROUND_TRIP_ANNOTATIONS.some((name) => name in annotations)) return;
  const rest = Object.entries(annotations).filter(([name]) => !ROUND_TRIP_ANNOTATIONS.includes(name));
  if (rest.length > 0) metadata.annotations = Object.fromEntries(rest);
  else delete metadata.annotations;
}
