import { invalid, required } from "../field-error.ts";
import type { PolicyRule } from "../generated/types.ts";
import type { FieldError } from "../types.ts";

export function validateRules(rules: readonly PolicyRule[] | undefined, isNamespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  rules?.forEach((rule, index) => {
    errors.push(...validateRule(rule, isNamespaced, `rules[${index}]`));
  });
  return errors;
}

function validateRule(rule: PolicyRule, isNamespaced: boolean, path: string): FieldError[] {
  const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const verbs = rule.verbs ?? [];
  const errors: FieldError[] = [];
  if (verbs.length === 0) errors.push(required(`${path}.verbs`, "verbs must contain at least one value"));
  if (nonResourceURLs.length > 0) {
    if (isNamespaced) {
      errors.push(
        invalid(
          `${path}.nonResourceURLs`,
          nonResourceURLs,
          "namespaced rules cannot apply to non-resource URLs",
        ),
      );
    }
    if (apiGroups.length > 0 || resources.length > 0 || resourceNames.length > 0) {
      errors.push(
        invalid(
          `${path}.nonResourceURLs`,
          nonResourceURLs,
          "rules cannot apply to both regular resources and non-resource URLs",
        ),
      );
    }
    return errors;
  }
  if (apiGroups.length === 0) {
    errors.push(required(`${path}.apiGroups`, "resource rules must supply at least one api group"));
  }
  if (resources.length === 0) {
    errors.push(required(`${path}.resources`, "resource rules must supply at least one resource"));
  }
  return errors;
}
