import type { KindDefinition } from "../../../api/index.ts";
import type { AdmissionRequest } from "../admission.ts";

/** admissionregistration/v1 RuleWithOperations. */
export interface ResourceRule {
  operations?: readonly string[];
  apiGroups?: readonly string[];
  apiVersions?: readonly string[];
  /** `pods`, `pods/status`, `*`, `*` with `/scale`. */
  resources?: readonly string[];
  scope?: "*" | "Cluster" | "Namespaced";
  /** Of these objects alone; of all where there are none. */
  resourceNames?: readonly string[];
}

type Requested = Pick<AdmissionRequest, "operation" | "subresource" | "namespace" | "name">;

/** Whether a rule speaks of a request for this resource (webhook/predicates/rules). */
export function ruleMatches(rule: ResourceRule, kind: KindDefinition, request: Requested): boolean {
  return (
    scopeMatches(rule, kind, request) &&
    includes(rule.operations, request.operation) &&
    includes(rule.apiGroups, kind.group) &&
    includes(rule.apiVersions, kind.version) &&
    resourceMatches(rule.resources, kind.resource, request.subresource ?? "") &&
    nameMatches(rule.resourceNames, request.name ?? "")
  );
}

function scopeMatches(
  { scope = "*" }: ResourceRule,
  kind: KindDefinition,
  { namespace }: Requested,
): boolean {
  if (scope === "*") return true;
  // A namespace's own name counts as its namespace, and yet it lies in none.
  const isNamespaced = !(kind.group === "" && kind.resource === "namespaces") && !!namespace;
  return (scope === "Namespaced") === isNamespaced;
}

function includes(items: readonly string[] = [], wanted: string): boolean {
  return items.includes("*") || items.includes(wanted);
}

function resourceMatches(resources: readonly string[] = [], resource: string, subresource: string): boolean {
  return resources.some((text) => {
    const slash = text.indexOf("/");
    const [name, part] = slash < 0 ? [text, ""] : [text.slice(0, slash), text.slice(slash + 1)];
    return (name === "*" || name === resource) && (part === "*" || part === subresource);
  });
}

function nameMatches(names: readonly string[] = [], name: string): boolean {
  return names.length === 0 || names.includes(name);
}

const CONFIGURATIONS = new Set([
  "MutatingAdmissionPolicy",
  "MutatingAdmissionPolicyBinding",
  "MutatingWebhookConfiguration",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "ValidatingWebhookConfiguration",
]);

/** Nobody may lock out whoever would mend the rules. */
export function isExempt({ objectKind }: AdmissionRequest): boolean {
  return objectKind.group === "admissionregistration.k8s.io" && CONFIGURATIONS.has(objectKind.kind);
}
