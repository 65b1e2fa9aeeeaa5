import type { KindDefinition } from "../types.ts";
import { priorityClasses } from "./priority-class.ts";

export const schedulingKinds: readonly KindDefinition[] = [priorityClasses];
