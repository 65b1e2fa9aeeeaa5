import type { KindDefinition } from "../types.ts";
import { flowSchemas } from "./flow-schema.ts";
import { priorityLevelConfigurations } from "./priority-level-configuration.ts";

export const flowControlKinds: readonly KindDefinition[] = [flowSchemas, priorityLevelConfigurations];
