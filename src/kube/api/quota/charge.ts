import {
  addResourceLists,
  canonicalQuantity,
  compareQuantities,
  equalResourceLists,
  excessOf,
  type ResourceList,
  resourcesNamed,
} from "../../../formats/index.ts";
import type { ResourceQuota } from "../generated/types.ts";
import type { KubeObject } from "../types.ts";
import type { CountedChange, QuotaEvaluator, ScopeRequirement } from "./evaluator.ts";

export interface Charge {
  quota: ResourceQuota;
  /** The quota's usage once the change is written. */
  used: ResourceList;
}

/**
 * What a change adds to the usage of quotas; empty where it changes none. Throws what `refuse` makes of a text where it does
 * not fit (apiserver's resourcequota.CheckRequest).
 */
export function chargeQuotas(
  evaluator: QuotaEvaluator,
  change: CountedChange,
  quotas: readonly ResourceQuota[],
  { nowMs, refuse }: { nowMs: number; refuse: (why: string) => Error },
): Charge[] {
  const { object } = change;
  const concerned = quotas.filter((quota) => quotaMatches(evaluator, quota, object));
  for (const quota of concerned) {
    const problem = problemBefore(evaluator, quota, object);
    if (problem !== undefined) throw refuse(problem);
  }
  const usage = evaluator.usage(object, nowMs);
  const negative = Object.keys(usage).filter((name) => compareQuantities(usage[name]!, "0") < 0);
  if (negative.length > 0)
    throw refuse(`quota usage is negative for resource(s): ${negative.sort().join(",")}`);
  return concerned.flatMap((quota) => {
    const requested = requestedOf(evaluator, quota, change, usage, nowMs);
    const used = addResourceLists(quota.status?.used ?? {}, requested);
    const problem = change.subresource === "status" ? undefined : exceeded(quota, requested, used);
    if (problem !== undefined) throw refuse(problem);
    return equalResourceLists(used, quota.status?.used ?? {}) ? [] : [{ quota, used }];
  });
}

/** Whether a quota counts an object: it names what that counts for, and all its scopes hold. */
export function quotaMatches(evaluator: QuotaEvaluator, quota: ResourceQuota, object: KubeObject): boolean {
  const names = Object.keys(quota.status?.hard ?? {});
  return evaluator.matchingNames(names).length > 0 && scopesHold(evaluator, quota, object);
}

/** Whether all scopes of a quota hold for an object. */
export function scopesHold(evaluator: QuotaEvaluator, quota: ResourceQuota, object: KubeObject): boolean {
  return scopesOf(quota).every((requirement) => evaluator.matchesScope(requirement, object));
}

function scopesOf({ spec }: ResourceQuota): ScopeRequirement[] {
  const plain = (spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: "Exists" }));
  return [...plain, ...(spec?.scopeSelector?.matchExpressions ?? [])];
}

/** What keeps a quota from being asked at all. */
function problemBefore(
  evaluator: QuotaEvaluator,
  quota: ResourceQuota,
  object: KubeObject,
): string | undefined {
  const { hard = {}, used = {} } = quota.status ?? {};
  const names = evaluator.matchingNames(Object.keys(hard));
  const lacking = evaluator.lacking?.(names, object);
  if (lacking !== undefined) return `failed quota: ${quota.metadata.name}: ${lacking}`;
  if (names.every((name) => used[name] !== undefined)) return undefined;
  return `status unknown for quota: ${quota.metadata.name}, resources: ${names.sort().join(",")}`;
}

/** What the change asks of a quota: what it is more than before, if that counted for the quota, too. */
function requestedOf(
  evaluator: QuotaEvaluator,
  quota: ResourceQuota,
  { operation, oldObject }: CountedChange,
  usage: ResourceList,
  nowMs: number,
): ResourceList {
  const countedBefore = operation === "UPDATE" && oldObject && quotaMatches(evaluator, quota, oldObject);
  const added = countedBefore ? excessOf(usage, evaluator.usage(oldObject, nowMs)) : usage;
  const more = Object.keys(added).filter((name) => compareQuantities(added[name]!, "0") !== 0);
  const hard = quota.status?.hard ?? {};
  return resourcesNamed(
    added,
    more.filter((name) => name in hard),
  );
}

function exceeded(
  { metadata, status }: ResourceQuota,
  requested: ResourceList,
  used: ResourceList,
): string | undefined {
  const hard = status?.hard ?? {};
  const names = Object.keys(requested).filter((name) => compareQuantities(used[name]!, hard[name]!) > 0);
  if (names.length === 0) return undefined;
  const text = (list: ResourceList) => listText(resourcesNamed(list, names));
  return `exceeded quota: ${metadata.name}, requested: ${text(requested)}, used: ${text(status?.used ?? {})}, limited: ${text(hard)}`;
}

/** `limits.cpu=1,pods=2`. */
const listText = (list: ResourceList): string =>
  Object.keys(list)
    .sort()
    .map((name) => `${name}=${canonicalQuantity(list[name]!)}`)
    .join(",");
