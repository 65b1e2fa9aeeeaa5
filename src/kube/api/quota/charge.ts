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
import { statusUnclassified } from "../status-error.ts";
import type { KubeObject } from "../types.ts";
import type { CountedChange, QuotaEvaluator, ScopeRequirement } from "./evaluator.ts";
import { type Limits, limitedNames, scopesText, uncoveredScopes } from "./limited-resources.ts";

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
  { nowMs, refuse, limits }: { nowMs: number; refuse: (why: string) => Error; limits?: Limits },
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
  if (limits && isMore(evaluator, change, concerned, { usage, nowMs }))
    requireQuotas(evaluator, object, { quotas, concerned, usage, limits, refuse });
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
  const hard = quota.status?.hard ?? {};
  return resourcesNamed(
    added,
    namesOfSome(added).filter((name) => name in hard),
  );
}

const namesOfSome = (list: ResourceList): string[] =>
  Object.keys(list).filter((name) => compareQuantities(list[name]!, "0") !== 0);

/** Whether the change uses more than was used before: for one of the quotas, or where there is none, by itself. */
function isMore(
  evaluator: QuotaEvaluator,
  { oldObject }: CountedChange,
  concerned: readonly ResourceQuota[],
  { usage, nowMs }: { usage: ResourceList; nowMs: number },
): boolean {
  const isNewToOne = oldObject && concerned.some((quota) => !quotaMatches(evaluator, quota, oldObject));
  const added = oldObject && !isNewToOne ? excessOf(usage, evaluator.usage(oldObject, nowMs)) : usage;
  return namesOfSome(added).length > 0;
}

/** Refuses what is limited by configuration where no quota speaks of it. */
function requireQuotas(
  evaluator: QuotaEvaluator,
  object: KubeObject,
  {
    quotas,
    concerned,
    usage,
    limits,
    refuse,
  }: {
    quotas: readonly ResourceQuota[];
    concerned: readonly ResourceQuota[];
    usage: ResourceList;
    limits: Limits;
    refuse: (why: string) => Error;
  },
): void {
  const spokenOf = new Set(
    concerned.flatMap(({ status }) => evaluator.matchingNames(Object.keys(status?.hard ?? {}))),
  );
  const names = limitedNames(limits, usage).filter((name) => !spokenOf.has(name));
  if (names.length > 0) throw refuse(`insufficient quota to consume: ${names.join(",")}`);
  const scopes = uncoveredScopes(limits, evaluator, object, quotas.flatMap(scopesOf));
  // Upstream's plugin does not say that this is forbidden.
  if (scopes.length > 0)
    throw statusUnclassified(`insufficient quota to match these scopes: ${scopesText(scopes)}`);
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
