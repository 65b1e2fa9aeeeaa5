import type { KindDefinition } from "../types.ts";
import { apiServices } from "./api-service.ts";

export const apiRegistrationKinds: readonly KindDefinition[] = [apiServices];
