import type { KindDefinition } from "../types.ts";
import { leases } from "./lease.ts";

export const coordinationKinds: readonly KindDefinition[] = [leases];
