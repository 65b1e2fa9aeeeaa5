import { isDns1123Label } from "../../../formats/index.ts";
import { invalid, invalidEach, notSupported, required } from "../field-error.ts";
import type { NonResourcePolicyRule, ResourcePolicyRule } from "../generated/types.ts";
import type { FieldError } from "../types.ts";

const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];
const ALL = "*";

export function validateResourceRule(rule: ResourcePolicyRule, path: string): FieldError[] {
  return [
    ...validateVerbs(rule.verbs, `${path}.verbs`),
    ...validateNames(rule.apiGroups, `${path}.apiGroups`, "api group"),
    ...validateNames(rule.resources, `${path}.resources`, "resource"),
    ...validateNamespaces(rule, `${path}.namespaces`),
  ];
}

export function validateNonResourceRule(rule: NonResourcePolicyRule, path: string): FieldError[] {
  return [
    ...validateVerbs(rule.verbs, `${path}.verbs`),
    ...validateUrls(rule.nonResourceURLs ?? [], `${path}.nonResourceURLs`),
  ];
}

function validateVerbs(given: readonly string[] | null, path: string): FieldError[] {
  const verbs = given ?? [];
  if (verbs.length === 0) return [required(path, "verbs must contain at least one value")];
  if (verbs.includes(ALL)) return onlyAll(verbs, path, "verbs");
  return verbs.every((verb) => VERBS.includes(verb)) ? [] : [notSupported(path, verbs, VERBS)];
}

/** Who names all need name nobody else. */
function onlyAll(list: readonly string[], path: string, others: string): FieldError[] {
  if (list.length === 1) return [];
  return [invalid(path, list, `if '*' is present, must not specify other ${others}`)];
}

function validateNames(given: readonly string[] | null, path: string, what: string): FieldError[] {
  const names = given ?? [];
  if (names.length === 0) return [required(path, `resource rules must supply at least one ${what}`)];
  return names.includes(ALL) ? onlyAll(names, path, `${what}s`) : [];
}

function validateNamespaces({ namespaces, clusterScope = false }: ResourcePolicyRule, path: string) {
  const list = namespaces ?? [];
  if (list.length === 0 && !clusterScope) {
    const why = "resource rules that are not cluster scoped must supply at least one namespace";
    return [required(path, why)];
  }
  if (list.includes(ALL)) return onlyAll(list, path, "namespaces");
  return list.flatMap((namespace, index) => {
    const problems = isDns1123Label(namespace).map(
      (problem) => `each member of this list must be '*' or a DNS-1123 label; ${problem}`,
    );
    return invalidEach(`${path}[${index}]`, namespace, problems);
  });
}

function validateUrls(urls: readonly string[], path: string): FieldError[] {
  if (urls.length === 0) return [required(path, "nonResourceURLs must contain at least one value")];
  if (urls.includes(ALL)) return onlyAll(urls, path, "non-resource URLs");
  return urls.flatMap((url, index) => {
    const problem = urlProblem(url);
    return problem === undefined ? [] : [invalid(`${path}[${index}]`, url, problem)];
  });
}

/** Upstream ValidateNonResourceURLPath. */
function urlProblem(url: string): string | undefined {
  if (url === "") return "must not be empty";
  if (!url.startsWith("/")) return "must start with slash";
  if (url.includes(" ")) return "must not contain white-space";
  if (url.includes("//")) return "must not contain double slash";
  const isPlain = !url.includes("*") || (url.endsWith("/*") && url.indexOf("*") === url.length - 1);
  return isPlain ? undefined : "wildcard can only do suffix matching";
}
