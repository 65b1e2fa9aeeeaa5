import { compareQuantities, type ResourceList } from "../../../formats/index.ts";
import type { GroupResource } from "../status-error.ts";
import type { KubeObject } from "../types.ts";
import type { QuotaEvaluator, ScopeRequirement } from "./evaluator.ts";

/** What may only be used where a quota speaks of it (resourcequota admission's LimitedResource). */
export interface LimitedResource {
  apiGroup: string;
  resource: string;
  /** Parts of the names of what is used. */
  matchContains: readonly string[];
  matchScopes: readonly ScopeRequirement[];
}

export interface Limits {
  /** Of the objects that are counted. */
  of: GroupResource;
  limited: readonly LimitedResource[];
}

/** The names in `usage` that some quota has to speak of, sorted. */
export function limitedNames({ of, limited }: Limits, usage: ResourceList): string[] {
  const parts = limited
    .filter(({ apiGroup, resource }) => apiGroup === of.group && resource === of.resource)
    .flatMap(({ matchContains }) => matchContains);
  return Object.keys(usage)
    .filter((name) => compareQuantities(usage[name]!, "0") > 0 && parts.some((part) => name.includes(part)))
    .sort();
}

/** The limited scopes that an object is of and none of those that quotas have. */
export function uncoveredScopes(
  { limited }: Limits,
  evaluator: QuotaEvaluator,
  object: KubeObject,
  ofQuotas: readonly ScopeRequirement[],
): ScopeRequirement[] {
  const holds = (scope: ScopeRequirement) => evaluator.matchesScope(scope, object);
  const covered = new Set(ofQuotas.filter(holds).map(({ scopeName }) => scopeName));
  return limited
    .flatMap(({ matchScopes }) => matchScopes)
    .filter((scope) => !covered.has(scope.scopeName) && holds(scope));
}

/** As Go prints a list of them: `[{PriorityClass In [a b]}]`. */
export const scopesText = (scopes: readonly ScopeRequirement[]): string =>
  `[${scopes.map(({ scopeName, operator, values = [] }) => `{${scopeName} ${operator} [${values.join(" ")}]}`).join(" ")}]`;
