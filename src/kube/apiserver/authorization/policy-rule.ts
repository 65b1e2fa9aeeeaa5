import type { RequestInfo } from "../request-info.ts";

/** rbac/v1 PolicyRule. */
export interface PolicyRule {
  verbs: readonly string[];
  apiGroups?: readonly string[];
  resources?: readonly string[];
  resourceNames?: readonly string[];
  nonResourceURLs?: readonly string[];
}

/** Whether a rule covers a request (rbac's RuleAllows). */
export function ruleAllows(rule: PolicyRule, info: RequestInfo): boolean {
  if (!rule.verbs.includes("*") && !rule.verbs.includes(info.verb)) return false;
  if (!info.isResource) return rule.nonResourceURLs?.some((url) => urlMatches(url, info.path)) === true;
  const resource = info.subresource === undefined ? info.resource : `${info.resource}/${info.subresource}`;
  return (
    has(rule.apiGroups, info.group) &&
    resourceMatches(rule.resources ?? [], resource, info.subresource) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(info.name ?? ""))
  );
}

function has(list: readonly string[] | undefined, value: string): boolean {
  return list !== undefined && (list.includes("*") || list.includes(value));
}

/** `*` is everything, a full name itself, and star-slash-subresource that subresource of any resource. */
function resourceMatches(
  rules: readonly string[],
  resource: string,
  subresource: string | undefined,
): boolean {
  return (
    rules.includes("*") ||
    rules.includes(resource) ||
    (subresource !== undefined && rules.includes(`*/${subresource}`))
  );
}

/** A star is allowed at the end only. */
function urlMatches(pattern: string, path: string): boolean {
  if (pattern === "*" || pattern === path) return true;
  return pattern.endsWith("*") && path.startsWith(pattern.slice(0, -1));
}
