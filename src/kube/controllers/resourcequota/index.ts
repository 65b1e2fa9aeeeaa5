import { isGantryError } from "../../../base/index.ts";
import { equalResourceLists } from "../../../formats/index.ts";
import { quotaEvaluatorOf, type ResourceQuota, resourceQuotas, usageInQuota } from "../../api/index.ts";
import type { ApiObject, KindDefinition } from "../../api/types.ts";
import type { InformerHandlers } from "../../client/types.ts";
import {
  type Controller,
  type ControllerDefinition,
  type ControllerDependencies,
  createController,
  type Enqueue,
} from "../controller.ts";
import { keyOf } from "../object-key.ts";
import { together } from "../together.ts";
import { WatchedKinds } from "../watched-kinds.ts";
import { unlessGone } from "../write-errors.ts";
import { countedKinds, isSameStatus, isUncounted, recountQuota } from "./recount-quota.ts";

/** Default of upstream's --resource-quota-sync-period: some usage ends by time alone. */
const SYNC_MS = 5 * 60_000;
/** What is freed together is counted once. */
const GATHER_MS = 50;
/** By then nobody writes any more who read the quotas before their limits were in force. */
const SETTLED_MS = 1_000;

/**
 * Tells in quotas' status what is in force and how much of it is used. The admission plugin adds what is written; here is
 * counted anew what is freed, what was there before a quota, and everything from time to time. Quotas that hold up writes
 * because they were never counted have workers of their own.
 */
export function createResourceQuotaController(
  dependencies: ControllerDependencies & { syncMs?: number },
): Controller {
  const { client, informers, kinds, clock, syncMs = SYNC_MS } = dependencies;
  const quotas = informers.informer(resourceQuotas);

  const write = async (quota: ResourceQuota, enqueue: Enqueue): Promise<void> => {
    const { status, failures } = await recountQuota(quota, dependencies);
    const hasNewLimits = !equalResourceLists(status.hard ?? {}, quota.status?.hard ?? {});
    if (!isSameStatus(status, quota.status))
      await unlessGone(client.updateStatus(resourceQuotas, { ...quota, status }));
    if (hasNewLimits) enqueue(keyOf(quota), SETTLED_MS);
    if (failures.length > 0) throw failures[0];
  };

  const reconcile = async (key: string, enqueue: Enqueue): Promise<void> => {
    const quota = quotas.get(key);
    if (!quota) return;
    try {
      await write(quota, enqueue);
    } catch (error) {
      // Somebody was admitted meanwhile, which is no failure to wait long for.
      if (!isGantryError(error, "Conflict")) throw error;
      enqueue(key, GATHER_MS);
    }
  };

  const freed = (kind: KindDefinition, enqueue: Enqueue): InformerHandlers<ApiObject> => {
    const evaluator = quotaEvaluatorOf(kind)!;
    const usage = (quota: ResourceQuota, object: ApiObject) =>
      usageInQuota(evaluator, quota, object, clock.nowMs());
    const recountWhere = ({ metadata }: ApiObject, isChanged: (quota: ResourceQuota) => boolean): void => {
      for (const quota of quotas.list(metadata.namespace))
        if (isChanged(quota)) enqueue(keyOf(quota), GATHER_MS);
    };
    return {
      onUpdate: (next, previous) =>
        recountWhere(next, (quota) => !equalResourceLists(usage(quota, next), usage(quota, previous))),
      onDelete: (object) => recountWhere(object, (quota) => Object.keys(usage(quota, object)).length > 0),
    };
  };

  const all: ControllerDefinition = {
    name: "resourcequota",
    informers: [quotas, ...countedKinds(kinds).map((kind) => informers.informer(kind))],
    watch: (enqueue) => [
      quotas.subscribe({ onAdd: (one) => enqueue(keyOf(one), isUncounted(one, kinds) ? syncMs : 0) }),
      new WatchedKinds({
        informers,
        kinds,
        select: countedKinds,
        handlersFor: (kind) => freed(kind, enqueue),
      }).start(),
    ],
    reconcile: async (key, enqueue) => {
      if (quotas.get(key)) enqueue(key, syncMs);
      await reconcile(key, enqueue);
    },
  };
  const uncounted: ControllerDefinition = {
    name: "resourcequota-uncounted",
    informers: [quotas],
    watch: (enqueue) => {
      const look = (quota: ResourceQuota): void => {
        if (isUncounted(quota, kinds)) enqueue(keyOf(quota));
      };
      const lookAtAll = (): void => {
        for (const quota of quotas.list()) look(quota);
      };
      return [quotas.subscribe({ onAdd: look, onUpdate: look }), kinds.onChange(lookAtAll)];
    },
    reconcile,
  };
  return together(
    all.name,
    [all, uncounted].map((one) => createController(one, dependencies)),
  );
}
