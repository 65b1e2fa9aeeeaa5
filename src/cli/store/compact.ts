import type { StoreStatus } from "../../store/index.ts";
import { printStatus } from "./status-text.ts";
import { operate } from "./store-access.ts";
import type { Call } from "./verb.ts";

/** Forgets history before `--revision`, or all that is not current. */
export async function compact({ home, parsed }: Call): Promise<number> {
  const revision = parsed.integer("revision", { min: 1, max: Number.MAX_SAFE_INTEGER });
  const parameters: Record<string, string> = revision === undefined ? {} : { revision: String(revision) };
  printStatus(await operate<StoreStatus>(home, "compact", parameters), parsed);
  return 0;
}
