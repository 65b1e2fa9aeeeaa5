import { jsonEquals } from "../../../formats/index.ts";
import { type KubeObject, keepTimes, statusConflict, statusNotFound } from "../../api/index.ts";
import { type Companions, NO_COMPANIONS, type WriteOutcome } from "../objects/object-store.ts";
import type { StoredObject } from "../objects/stored-object.ts";
import type { ResourceCall, ServerContext } from "../server-context.ts";
import { reserveCompanions } from "./companions.ts";
import { isReadyToRemove } from "./delete-plan.ts";
import { dryRunAnswer } from "./dry-run-answer.ts";
import { countedWrite } from "./write-counter.ts";

/** More than this many losses against other writers in a row are told to the client. */
export const MAX_ATTEMPTS = 64;

export interface NextState {
  next: KubeObject;
  companions?: Companions;
}

/**
 * Writes the next state of the call's object, which `change` gives from the current one: it is asked again when another
 * writer was faster. An object whose last finalizer goes is removed by this. `absent` answers where there is none.
 */
export async function rewriteObject(
  context: ServerContext,
  call: ResourceCall,
  change: (current: StoredObject) => Promise<NextState> | NextState,
  absent?: () => Promise<StoredObject | KubeObject>,
): Promise<{ object: StoredObject | KubeObject; created: boolean }> {
  const { kind, info } = call;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const current = await context.objects.find(kind, info.namespace, info.name!);
    if (!current) {
      if (!absent) throw statusNotFound(kind, info.name!);
      return { object: await absent(), created: true };
    }
    const { next: changed, companions: reserved = NO_COMPANIONS } = await change(current);
    const next = keepTimes(changed, current.object);
    const counted = { call, next, previous: current.object, avoid: new Set<string>() };
    const outcome = await countedWrite(context, counted, reserved, async (companions) =>
      call.query.dryRun ? undefined : write(context, call, current, next, companions),
    );
    if (!outcome) return { object: dryRunAnswer(kind, next), created: false };
    if (outcome.done) return { object: outcome.object, created: false };
  }
  throw statusConflict(kind, info.name!);
}

async function write(
  context: ServerContext,
  call: ResourceCall,
  current: StoredObject,
  next: KubeObject,
  companions: Companions,
): Promise<WriteOutcome> {
  const { kind } = call;
  // Dropped by the store (PrepareObjectForStorage): a dry run tells it.
  delete (next.metadata as { selfLink?: string }).selfLink;
  if (isReadyToRemove(kind, next)) {
    const previous = current.object;
    const given = await reserveCompanions(context, { call, next: undefined, previous, avoid: new Set() });
    return context.objects.remove(current, given);
  }
  // The same content in another order of fields is no change.
  const isUnchanged = companions.operations.length === 0 && jsonEquals(next, current.object);
  if (isUnchanged && !context.objects.isStale(current)) return { done: true, object: current };
  return context.objects.replace(kind, current, next, companions);
}
