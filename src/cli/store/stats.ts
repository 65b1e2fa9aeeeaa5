import type { StoreStatus } from "../../store/index.ts";
import { printStatus } from "./status-text.ts";
import { operate } from "./store-access.ts";
import type { Call } from "./verb.ts";

export async function stats({ home, parsed }: Call): Promise<number> {
  printStatus(await operate<StoreStatus>(home, "stats"), parsed);
  return 0;
}
