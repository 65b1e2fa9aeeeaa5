import type { Clock } from "../../../base/index.ts";
import {
  addResourceLists,
  equalResourceLists,
  type ResourceList,
  resourcesNamed,
} from "../../../formats/index.ts";
import {
  type KindSource,
  quotaEvaluatorOf,
  type ResourceQuota,
  type ResourceQuotaStatus,
  recount,
  verbsOf,
} from "../../api/index.ts";
import type { KindDefinition } from "../../api/types.ts";
import type { KubeClient } from "../../client/index.ts";

const NEEDED_VERBS = ["create", "list", "watch", "delete"];

/** The kinds whose objects quotas can count. */
export function countedKinds(kinds: KindSource): KindDefinition[] {
  return kinds
    .stored()
    .filter(
      (kind) =>
        kind.namespaced &&
        quotaEvaluatorOf(kind) !== undefined &&
        NEEDED_VERBS.every((verb) => verbsOf(kind).includes(verb)),
    );
}

export interface Recounted {
  status: ResourceQuotaStatus;
  /** Why some kinds could not be counted; what is known of them stays. */
  failures: unknown[];
}

/**
 * Counts all that a quota limits. Every list is taken after the quota was read: what it shows beyond the quota's usage has
 * changed the quota, too, so that a write with the quota's resourceVersion either holds or fails.
 */
export async function recountQuota(
  quota: ResourceQuota,
  { client, kinds, clock }: { client: KubeClient; kinds: KindSource; clock: Clock },
): Promise<Recounted> {
  const { namespace } = quota.metadata;
  const hard = quota.spec?.hard ?? {};
  const names = Object.keys(hard);
  const failures: unknown[] = [];
  let counted: ResourceList = {};
  for (const kind of countedKinds(kinds)) {
    const evaluator = quotaEvaluatorOf(kind)!;
    if (evaluator.matchingNames(names).length === 0) continue;
    try {
      const { items } = await client.list(kind, { namespace });
      counted = addResourceLists(counted, recount(evaluator, quota, items, clock.nowMs()));
    } catch (error) {
      failures.push(error);
    }
  }
  const used = resourcesNamed({ ...quota.status?.used, ...counted }, names);
  return { status: { hard, used }, failures };
}

export function isSameStatus(one: ResourceQuotaStatus = {}, other: ResourceQuotaStatus = {}): boolean {
  return (
    equalResourceLists(one.hard ?? {}, other.hard ?? {}) &&
    equalResourceLists(one.used ?? {}, other.used ?? {})
  );
}

/** Its status does not say yet what its spec limits, or not how much of that is used, so that writes are refused. */
export function isUncounted({ spec, status }: ResourceQuota, kinds: KindSource): boolean {
  const { hard = {}, used = {} } = status ?? {};
  if (!equalResourceLists(spec?.hard ?? {}, hard)) return true;
  const unknown = Object.keys(hard).filter((name) => used[name] === undefined);
  return (
    unknown.length > 0 &&
    countedKinds(kinds).some((kind) => quotaEvaluatorOf(kind)!.matchingNames(unknown).length > 0)
  );
}
