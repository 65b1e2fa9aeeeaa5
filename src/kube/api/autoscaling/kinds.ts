import type { KindDefinition } from "../types.ts";
import { horizontalPodAutoscalers } from "./horizontal-pod-autoscaler.ts";
import { horizontalPodAutoscalersV1 } from "./horizontal-pod-autoscaler-v1.ts";
import { scales } from "./scale.ts";

export const autoscalingKinds: readonly KindDefinition[] = [
  horizontalPodAutoscalers,
  horizontalPodAutoscalersV1,
];

export const autoscalingRequestKinds: readonly KindDefinition[] = [scales];
