import type { KindDefinition } from "../types.ts";
import { endpointSlices } from "./endpoint-slice.ts";

export const discoveryKinds: readonly KindDefinition[] = [endpointSlices];
