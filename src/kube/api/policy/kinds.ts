import type { KindDefinition } from "../types.ts";
import { evictions } from "./eviction.ts";

export const policyRequestKinds: readonly KindDefinition[] = [evictions];
