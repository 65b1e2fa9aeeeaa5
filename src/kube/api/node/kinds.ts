import type { KindDefinition } from "../types.ts";
import { runtimeClasses } from "./runtime-class.ts";

export const nodeKinds: readonly KindDefinition[] = [runtimeClasses];
