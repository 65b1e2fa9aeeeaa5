import type { KindDefinition } from "../types.ts";
import { customResourceDefinitions } from "./custom-resource-definition.ts";

export const apiextensionsKinds: readonly KindDefinition[] = [customResourceDefinitions];
