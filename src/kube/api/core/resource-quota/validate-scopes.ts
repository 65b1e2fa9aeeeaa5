import { GoLiteral, goStringList, invalid, required } from "../../field-error.ts";
import type {
  ResourceQuotaSpec,
  ScopedResourceSelectorRequirement,
  ScopeSelector,
} from "../../generated/types.ts";
import { goStruct } from "../../go-value.ts";
import type { FieldError } from "../../types.ts";
import { isQuotaResource } from "../pod/validate-resources.ts";

const COMPUTE = ["cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"];
const OF_PODS = ["pods", ...COMPUTE];
/** What can be counted of the objects in each scope. */
const COUNTED_IN: Record<string, readonly string[]> = {
  Terminating: OF_PODS,
  NotTerminating: OF_PODS,
  BestEffort: ["pods"],
  NotBestEffort: OF_PODS,
  PriorityClass: OF_PODS,
  CrossNamespacePodAffinity: OF_PODS,
  VolumeAttributesClass: ["persistentvolumeclaims", "requests.storage"],
};
/** Scopes that an object is in or not, without a value. */
const WITHOUT_VALUE = [
  "BestEffort",
  "NotBestEffort",
  "Terminating",
  "NotTerminating",
  "CrossNamespacePodAffinity",
];
const CONTRARY = [
  ["BestEffort", "NotBestEffort"],
  ["Terminating", "NotTerminating"],
];
const MISPLACED = "unsupported scope applied to resource";

const goScopes = (scopes: readonly string[] | undefined) =>
  new GoLiteral(goStringList(scopes, "core.ResourceQuotaScope"));

/** `spec.scopes`: known ones, of which none excludes another or what is counted. */
export function validateScopes({ hard = {}, scopes = [] }: ResourceQuotaSpec, path: string): FieldError[] {
  const refuse = (why: string) => invalid(path, goScopes(scopes), why);
  return [
    ...scopes.flatMap((scope) => [
      ...(isKnown(scope) ? [] : [refuse("unsupported scope")]),
      ...uncounted(scope, hard).map(() => refuse(MISPLACED)),
    ]),
    ...conflicts(scopes).map(() => refuse("conflicting scopes")),
  ];
}

/** The same of `spec.scopeSelector`, with operators and values. */
export function validateScopeSelector(spec: ResourceQuotaSpec, path: string): FieldError[] {
  const { hard = {}, scopes, scopeSelector } = spec;
  if (scopeSelector === undefined) return [];
  const at = `${path}.matchExpressions`;
  const list = scopeSelector.matchExpressions ?? [];
  return [
    ...list.flatMap((one) => [
      ...(isKnown(one.scopeName) ? [] : [invalid(`${at}.scopeName`, one.scopeName, "unsupported scope")]),
      ...uncounted(one.scopeName, hard).map(() => invalid(at, goScopeSelector(scopeSelector), MISPLACED)),
      ...validateOperator(one, at),
    ]),
    ...conflicts(list.map((one) => one.scopeName)).map(() =>
      invalid(at, goScopes(scopes), "conflicting scopes"),
    ),
  ];
}

const isKnown = (scope: string) => Object.hasOwn(COUNTED_IN, scope);

/** Of what is counted, what no object of this scope has. */
function uncounted(scope: string, hard: Record<string, string>): string[] {
  const counted = isKnown(scope) ? COUNTED_IN[scope] : undefined;
  return Object.keys(hard).filter((name) => isQuotaResource(name) && counted?.includes(name) === false);
}

const conflicts = (scopes: readonly string[]) =>
  CONTRARY.filter((pair) => pair.every((scope) => scopes.includes(scope)));

function validateOperator(
  { scopeName, operator, values = [] }: ScopedResourceSelectorRequirement,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (WITHOUT_VALUE.includes(scopeName) && operator !== "Exists") {
    const why =
      "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
    errors.push(invalid(`${path}.operator`, operator, why));
  }
  if (operator === "In" || operator === "NotIn") {
    const why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
    if (values.length === 0) errors.push(required(`${path}.values`, why));
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    const why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
    if (values.length > 0) errors.push(invalid(`${path}.values`, values, why));
  } else errors.push(invalid(`${path}.operator`, operator, "not a valid selector operator"));
  return errors;
}

function goScopeSelector({ matchExpressions }: ScopeSelector): GoLiteral {
  const type = "core.ScopedResourceSelectorRequirement";
  const items = matchExpressions?.map(
    ({ scopeName, operator, values }) =>
      goStruct(type, {
        ScopeName: scopeName,
        Operator: operator,
        Values: new GoLiteral(goStringList(values)),
      }).text,
  );
  const list = items === undefined ? `[]${type}(nil)` : `[]${type}{${items.join(", ")}}`;
  return goStruct("core.ScopeSelector", { MatchExpressions: new GoLiteral(list) });
}
