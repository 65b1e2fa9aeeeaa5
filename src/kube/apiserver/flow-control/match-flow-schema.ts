import type {
  FlowcontrolV1Subject,
  FlowSchemaSpec,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
} from "../../api/index.ts";
import type { UserInfo } from "../../client/types.ts";
import { serviceAccountUserName } from "../authentication/users.ts";
import type { RequestInfo, ResourceRequestInfo } from "../request-info.ts";

/** Whether a request is of a FlowSchema: one of its rules names both who asks and what for (upstream rule.go). */
export function matchesFlowSchema(spec: FlowSchemaSpec, info: RequestInfo, user: UserInfo): boolean {
  for (const rule of spec.rules ?? []) if (matchesRule(rule, info, user)) return true;
  return false;
}

function matchesRule(rule: PolicyRulesWithSubjects, info: RequestInfo, user: UserInfo): boolean {
  if (!rule.subjects.some((subject) => matchesSubject(subject, user))) return false;
  return info.isResource
    ? !!rule.resourceRules?.some((one) => matchesResource(one, info))
    : !!rule.nonResourceRules?.some((one) => matchesPath(one, info.verb, info.path));
}

function matchesSubject({ kind, user, group, serviceAccount }: FlowcontrolV1Subject, who: UserInfo): boolean {
  switch (kind) {
    case "User":
      return user !== undefined && (user.name === "*" || user.name === who.name);
    case "Group":
      return group !== undefined && (group.name === "*" || who.groups.includes(group.name));
    case "ServiceAccount":
      return serviceAccount !== undefined && matchesAccount(serviceAccount, who.name);
    default:
      return false;
  }
}

function matchesAccount(wanted: { namespace: string; name: string }, userName: string): boolean {
  if (wanted.name === "*") return userName.startsWith(serviceAccountUserName(wanted.namespace, ""));
  return userName === serviceAccountUserName(wanted.namespace, wanted.name);
}

function matchesResource(rule: ResourcePolicyRule, info: ResourceRequestInfo): boolean {
  const { resource, subresource } = info;
  if (!names(rule.verbs, info.verb)) return false;
  if (!names(rule.resources, subresource === undefined ? resource : `${resource}/${subresource}`))
    return false;
  if (!names(rule.apiGroups, info.group)) return false;
  return info.namespace ? names(rule.namespaces, info.namespace) : rule.clusterScope === true;
}

function matchesPath(rule: NonResourcePolicyRule, verb: string, path: string): boolean {
  return names(rule.verbs, verb) && rule.nonResourceURLs.some((url) => coversPath(url, path));
}

/** A URL covers what lies below it, with a `*` at its end and without. */
function coversPath(url: string, path: string): boolean {
  if (url === "*" || url === path) return true;
  const prefix = url.endsWith("*") ? url.slice(0, -1) : url;
  return path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}

/** `*` stands for all where it stands alone. */
function names(list: readonly string[] | undefined, wanted: string): boolean {
  if (!list) return false;
  return (list.length === 1 && list[0] === "*") || list.includes(wanted);
}
