import type { KindDefinition } from "../types.ts";
import { eventsV1Events } from "./event.ts";

export const eventsKinds: readonly KindDefinition[] = [eventsV1Events];
