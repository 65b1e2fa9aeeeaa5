import type { StoreStatus } from "../../store/index.ts";
import { printStatus } from "./status-text.ts";
import { operate } from "./store-access.ts";
import type { Call } from "./verb.ts";

/** Gives the space of what was compacted or deleted back to the disk. */
export async function defrag({ home, parsed }: Call): Promise<number> {
  printStatus(await operate<StoreStatus>(home, "defrag"), parsed);
  return 0;
}
