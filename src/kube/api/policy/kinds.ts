import type { KindDefinition } from "../types.ts";
import { evictions } from "./eviction.ts";
import { podDisruptionBudgets } from "./pod-disruption-budget.ts";

export const policyKinds: readonly KindDefinition[] = [podDisruptionBudgets];

export const policyRequestKinds: readonly KindDefinition[] = [evictions];
