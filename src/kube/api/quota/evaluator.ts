import type { ResourceList } from "../../../formats/index.ts";
import type { KubeObject } from "../types.ts";

/** One demand of a quota's scopes (core/v1 ScopedResourceSelectorRequirement). */
export interface ScopeRequirement {
  scopeName: string;
  operator: string;
  values?: string[];
}

/** A write as far as quotas look at it. */
export interface CountedChange {
  operation: "CREATE" | "UPDATE";
  subresource: string | undefined;
  object: KubeObject;
  /** Absent for a create. */
  oldObject: KubeObject | undefined;
}

/** How the objects of one resource are counted (apiserver's quota.Evaluator). */
export interface QuotaEvaluator {
  /** Whether a write may change what is counted. */
  handles(change: CountedChange): boolean;
  /** Those of the names in a quota that objects of the resource count for. */
  matchingNames(names: readonly string[]): string[];
  /** What an object counts for at a time. */
  usage(object: KubeObject, nowMs: number): ResourceList;
  matchesScope(requirement: ScopeRequirement, object: KubeObject): boolean;
  /** What an object lacks for being counted at all. */
  lacking?(names: readonly string[], object: KubeObject): string | undefined;
}
