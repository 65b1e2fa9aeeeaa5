import type { KindDefinition } from "../types.ts";
import { scales } from "./scale.ts";

export const autoscalingRequestKinds: readonly KindDefinition[] = [scales];
