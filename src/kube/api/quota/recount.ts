import { addResourceLists, type ResourceList, resourcesNamed } from "../../../formats/index.ts";
import type { ResourceQuota } from "../generated/types.ts";
import type { KubeObject } from "../types.ts";
import { scopesHold } from "./charge.ts";
import type { QuotaEvaluator } from "./evaluator.ts";

/** What all objects of a resource together use of what the quota's spec limits (apiserver's CalculateUsageStats). */
export function recount(
  evaluator: QuotaEvaluator,
  quota: ResourceQuota,
  objects: Iterable<KubeObject>,
  nowMs: number,
): ResourceList {
  const names = evaluator.matchingNames(Object.keys(quota.spec?.hard ?? {}));
  let used: ResourceList = Object.fromEntries(names.map((name) => [name, "0"]));
  for (const object of objects)
    if (scopesHold(evaluator, quota, object)) used = addResourceLists(used, evaluator.usage(object, nowMs));
  return resourcesNamed(used, names);
}

/** What one object uses of what the quota limits already. */
export function usageInQuota(
  evaluator: QuotaEvaluator,
  quota: ResourceQuota,
  object: KubeObject,
  nowMs: number,
): ResourceList {
  const names = evaluator.matchingNames(Object.keys(quota.status?.hard ?? {}));
  if (names.length === 0 || !scopesHold(evaluator, quota, object)) return {};
  return resourcesNamed(evaluator.usage(object, nowMs), names);
}
