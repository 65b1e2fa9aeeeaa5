import { notSupported, required } from "../field-error.ts";
import type { LabelSelector, MatchResources, RuleWithOperations } from "../generated/types.ts";
import { validateLabelSelector } from "../meta/label-selector.ts";
import type { FieldError } from "../types.ts";
import { validateNamedRule } from "./validate-rule.ts";

export const MATCH_POLICIES = ["Equivalent", "Exact"];

interface Matching {
  matchPolicy?: string;
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
}

/** Whoever says nothing means all versions of all objects of all namespaces. */
export function setMatchDefaults(matching: Matching): void {
  matching.matchPolicy ??= "Equivalent";
  matching.namespaceSelector ??= {};
  matching.objectSelector ??= {};
}

export function setRuleDefaults(rule: RuleWithOperations): void {
  rule.scope ??= "*";
}

export function setMatchResourcesDefaults(match: MatchResources): void {
  setMatchDefaults(match);
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])])
    setRuleDefaults(rule);
}

export function validateMatchResources(match: MatchResources, path: string): FieldError[] {
  const { matchPolicy, namespaceSelector, objectSelector } = match;
  const rules = (field: "resourceRules" | "excludeResourceRules") =>
    (match[field] ?? []).flatMap((rule, index) => validateNamedRule(rule, `${path}.${field}[${index}]`));
  return [
    ...validateMatchPolicy(matchPolicy, `${path}.matchPolicy`),
    ...validateSelector(namespaceSelector, `${path}.namespaceSelector`),
    ...validateSelector(objectSelector, `${path}.objectSelector`),
    ...rules("resourceRules"),
    ...rules("excludeResourceRules"),
  ];
}

function validateMatchPolicy(policy: string | undefined, path: string): FieldError[] {
  if (policy === undefined) return [required(path)];
  return MATCH_POLICIES.includes(policy) ? [] : [notSupported(path, policy, MATCH_POLICIES)];
}

const validateSelector = (selector: LabelSelector | undefined, path: string): FieldError[] =>
  selector === undefined ? [required(path)] : validateLabelSelector(selector, path);
