import { type Companions, NO_COMPANIONS } from "../objects/object-store.ts";
import type { ResourceCall, ServerContext } from "../server-context.ts";
import type { CompanionChange } from "./companions.ts";

/** Counts writes once everybody else has agreed to them: quotas. */
export interface WriteCounter {
  /** Whether writes of the call's may be counted. */
  concerns(call: ResourceCall): boolean;
  /**
   * Calls `write` with what is to be written along, and lets nobody else write what is counted with it meanwhile. Throws where
   * the count does not allow the write.
   */
  count<T>(change: CompanionChange, write: (counted: Companions) => Promise<T>): Promise<T>;
}

/** Writes with what was reserved before and what counts the write. */
export function countedWrite<T>(
  { counter }: Pick<ServerContext, "counter">,
  change: CompanionChange,
  reserved: Companions,
  write: (companions: Companions) => Promise<T>,
): Promise<T> {
  if (!counter?.concerns(change.call)) return write(reserved);
  return counter.count(change, (counted) => write(joined(reserved, counted)));
}

function joined(a: Companions, b: Companions): Companions {
  if (a === NO_COMPANIONS) return b;
  if (b === NO_COMPANIONS) return a;
  return { compare: [...a.compare, ...b.compare], operations: [...a.operations, ...b.operations] };
}
