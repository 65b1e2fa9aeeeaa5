import { equivalentsOf, type KindDefinition, type KindSource } from "../../../api/index.ts";
import type { AdmissionRequest } from "../admission.ts";
import { type ResourceRule, ruleMatches } from "./resource-rules.ts";

/**
 * The resource of which one of the rules speaks: the request's own, or with `matchesEquivalents` the first that shows the
 * same objects in another version. Undefined where no rule does.
 */
export function matchedResource(
  kinds: KindSource,
  rules: readonly ResourceRule[],
  request: AdmissionRequest,
  matchesEquivalents: boolean,
): KindDefinition | undefined {
  const { kind } = request;
  if (rules.some((rule) => ruleMatches(rule, kind, request))) return kind;
  if (!matchesEquivalents) return undefined;
  const others = equivalentsOf(kinds, kind);
  for (const rule of rules) {
    const found = others.find((other) => ruleMatches(rule, other, request));
    if (found) return found;
  }
  return undefined;
}
