import type { PolicyRule } from "./policy-rule.ts";

/** The rules in `wanted` that nobody who holds `held` holds already (rbac/validation Covers), one verb and resource each. */
export function uncoveredRules(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(singles).filter((single) => !held.some((rule) => covers(rule, single)));
}

/** A rule taken apart, so that several rules together may cover it. */
function singles(rule: PolicyRule): PolicyRule[] {
  const out: PolicyRule[] = [];
  for (const verb of rule.verbs) {
    for (const url of rule.nonResourceURLs ?? []) out.push({ verbs: [verb], nonResourceURLs: [url] });
    for (const group of rule.apiGroups ?? []) {
      for (const resource of rule.resources ?? []) {
        const base = { verbs: [verb], apiGroups: [group], resources: [resource] };
        if (!rule.resourceNames?.length) out.push(base);
        for (const name of rule.resourceNames ?? []) out.push({ ...base, resourceNames: [name] });
      }
    }
  }
  return out;
}

function covers(rule: PolicyRule, single: PolicyRule): boolean {
  if (!includes(rule.verbs, single.verbs[0]!)) return false;
  const url = single.nonResourceURLs?.[0];
  if (url !== undefined) return rule.nonResourceURLs?.some((pattern) => coversUrl(pattern, url)) === true;
  return (
    includes(rule.apiGroups, single.apiGroups![0]!) &&
    coversResource(rule.resources ?? [], single.resources![0]!) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(single.resourceNames?.[0] ?? ""))
  );
}

function includes(list: readonly string[] | undefined, value: string): boolean {
  return list !== undefined && (list.includes("*") || list.includes(value));
}

function coversResource(resources: readonly string[], resource: string): boolean {
  if (includes(resources, resource)) return true;
  const slash = resource.indexOf("/");
  return slash >= 0 && resources.includes(`*${resource.slice(slash)}`);
}

function coversUrl(pattern: string, url: string): boolean {
  return (
    pattern === "*" || pattern === url || (pattern.endsWith("*") && url.startsWith(pattern.slice(0, -1)))
  );
}

/** As upstream prints a rule in its refusal. */
export function ruleText(rule: PolicyRule): string {
  const list = (name: string, values: readonly string[] | undefined) =>
    values?.length ? [`${name}:[${values.map((value) => JSON.stringify(value)).join(" ")}]`] : [];
  const parts = [
    ...list("APIGroups", rule.apiGroups),
    ...list("Resources", rule.resources),
    ...list("ResourceNames", rule.resourceNames),
    ...list("NonResourceURLs", rule.nonResourceURLs),
    ...list("Verbs", rule.verbs),
  ];
  return `{${parts.join(", ")}}`;
}
