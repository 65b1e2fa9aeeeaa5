import type { KubeObject } from "../../api/index.ts";
import { type Companions, NO_COMPANIONS } from "../objects/object-store.ts";
import type { ResourceCall, ServerContext } from "../server-context.ts";

/** Something that is counted or given out along with objects: addresses, ports, quotas. */
export interface CompanionSource {
  concerns(call: ResourceCall): boolean;
  /**
   * What is to be written with `next`, which it may fill in; nothing is held before that is written. When somebody else
   * was faster it is asked again with the same `avoid`, which it may fill with its guesses. A dry run only checks.
   */
  reserve(change: CompanionChange): Promise<Companions>;
}

export interface CompanionChange {
  call: ResourceCall;
  /** Absent for a removal. */
  next: KubeObject | undefined;
  /** Absent for a create. */
  previous: KubeObject | undefined;
  avoid: Set<string>;
}

/** What must be written in the same transaction as the object. */
export async function reserveCompanions(
  { companions }: Pick<ServerContext, "companions">,
  change: CompanionChange,
): Promise<Companions> {
  let all = NO_COMPANIONS;
  for (const source of companions) {
    if (!source.concerns(change.call)) continue;
    const { compare, operations } = await source.reserve(change);
    all = { compare: [...all.compare, ...compare], operations: [...all.operations, ...operations] };
  }
  return all;
}

/** Whether another attempt may succeed where one lost against somebody else. */
export function hasCompanions(
  { companions, counter }: Pick<ServerContext, "companions" | "counter">,
  call: ResourceCall,
): boolean {
  return companions.some((source) => source.concerns(call)) || counter?.concerns(call) === true;
}
