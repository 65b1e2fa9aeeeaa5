import type { UserInfo } from "../../client/types.ts";
import type { RequestInfo, ResourceRequestInfo } from "../request-info.ts";
import type { AuditLevel, AuditStage } from "./audit-event.ts";

/** Which requests are taken down, and how much of them (audit.k8s.io/v1 Policy). The first rule that matches holds. */
export interface AuditPolicy {
  rules: readonly AuditRule[];
  omitStages?: readonly AuditStage[];
  omitManagedFields?: boolean;
}

export interface AuditRule {
  level: AuditLevel;
  users?: readonly string[];
  userGroups?: readonly string[];
  verbs?: readonly string[];
  resources?: readonly GroupResources[];
  namespaces?: readonly string[];
  nonResourceURLs?: readonly string[];
  omitStages?: readonly AuditStage[];
  omitManagedFields?: boolean;
}

export interface GroupResources {
  group?: string;
  resources?: readonly string[];
  resourceNames?: readonly string[];
}

/** How one request is taken down. */
export interface AuditConfig {
  level: AuditLevel;
  omitStages: readonly AuditStage[];
  omitsManagedFields: boolean;
}

/** Why a request is taken down as it is (apiserver's audit/policy). `user` is undefined where nobody proved who it is. */
export function auditConfigOf(
  policy: AuditPolicy,
  info: RequestInfo,
  user: UserInfo | undefined,
): AuditConfig {
  const rule = policy.rules.find((one) => matches(one, info, user));
  return {
    level: rule?.level ?? "None",
    // Of the policy's own stages, see `readAuditPolicy`: they stand in each rule.
    omitStages: rule?.omitStages ?? [],
    omitsManagedFields: rule?.omitManagedFields ?? policy.omitManagedFields ?? false,
  };
}

function matches(rule: AuditRule, info: RequestInfo, user: UserInfo | undefined): boolean {
  const { users = [], userGroups = [], verbs = [], namespaces = [], resources = [] } = rule;
  if (users.length > 0 && !(user && users.includes(user.name))) return false;
  if (userGroups.length > 0 && !user?.groups.some((group) => userGroups.includes(group))) return false;
  if (verbs.length > 0 && !verbs.includes(info.verb)) return false;
  if (namespaces.length > 0 || resources.length > 0) return info.isResource && matchesResource(rule, info);
  const { nonResourceURLs = [] } = rule;
  if (nonResourceURLs.length === 0) return true;
  return !info.isResource && nonResourceURLs.some((url) => matchesPath(url, info.path));
}

function matchesResource({ namespaces = [], resources = [] }: AuditRule, info: ResourceRequestInfo): boolean {
  // What is in no namespace has the empty one.
  if (namespaces.length > 0 && !namespaces.includes(info.namespace ?? "")) return false;
  return resources.length === 0 || resources.some((one) => matchesGroup(one, info));
}

function matchesGroup(
  { group = "", resources = [], resourceNames = [] }: GroupResources,
  info: ResourceRequestInfo,
) {
  if (group !== info.group) return false;
  if (resources.length === 0) return true;
  if (resourceNames.length > 0 && !resourceNames.includes(info.name ?? "")) return false;
  const { resource, subresource } = info;
  const whole = subresource ? `${resource}/${subresource}` : resource;
  return resources.some(
    (one) =>
      one === whole ||
      one === "*" ||
      one === `${resource}/*` ||
      (subresource !== undefined && one === `*/${subresource}`),
  );
}

function matchesPath(url: string, path: string): boolean {
  return url === path || (url.endsWith("*") && path.startsWith(url.replace(/\*+$/, "")));
}
