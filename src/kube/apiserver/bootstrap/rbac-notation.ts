import type { NewObject } from "../../client/types.ts";
import { CLUSTER_ROLES } from "./cluster-roles.ts";
import { CONTROLLER_ROLES } from "./controller-roles.ts";
import { PROGRAM_NAMESPACE_ROLES, PROGRAM_ROLE_BINDINGS, PROGRAM_ROLES } from "./program-roles.ts";
import { NAMESPACE_ROLES, ROLE_BINDINGS } from "./role-bindings.ts";

const RBAC = "rbac.authorization.k8s.io";
const API_VERSION = `${RBAC}/v1`;

export interface PolicyRule {
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
  verbs: string[];
}

/** The bootstrap policy as objects, those without a namespace first. */
export function bootstrapPolicy(): NewObject[] {
  const controllerRoles = parseRoles(CONTROLLER_ROLES);
  return [
    ...withoutAggregated(parseRoles(CLUSTER_ROLES)),
    ...controllerRoles,
    ...parseRoles(PROGRAM_ROLES),
    ...lines(ROLE_BINDINGS + PROGRAM_ROLE_BINDINGS).map(parseBinding),
    ...controllerRoles.map((role) => controllerBinding(role.metadata.name!)),
    ...parseRoles(NAMESPACE_ROLES + PROGRAM_NAMESPACE_ROLES),
  ];
}

function parseRoles(text: string): NewObject[] {
  const roles: NewObject[] = [];
  for (const line of lines(text)) {
    if (line.startsWith("  ")) roles.at(-1)!.rules.push(parseRule(line.trim()));
    else roles.push(parseRoleHead(line));
  }
  return roles;
}

function parseRoleHead(line: string): NewObject {
  const [, fullName, targets = "", source] = /^(\S+)(?: -> ([^<]+?))?(?: <- (\S+))?$/.exec(line)!;
  const { namespace, name } = splitName(fullName!);
  const role: NewObject = {
    apiVersion: API_VERSION,
    kind: namespace === undefined ? "ClusterRole" : "Role",
    metadata: bootstrapMetadata(name, namespace),
    rules: [] as PolicyRule[],
  };
  for (const target of targets.split(" ").filter(Boolean)) {
    role.metadata.labels![`${RBAC}/aggregate-to-${target}`] = "true";
  }
  if (source !== undefined) {
    const matchLabels = { [`${RBAC}/aggregate-to-${source}`]: "true" };
    role.aggregationRule = { clusterRoleSelectors: [{ matchLabels }] };
  }
  return role;
}

const READ = ["get", "list", "watch"];
const WRITE = ["create", "delete", "deletecollection", "patch", "update"];

function parseRule(line: string): PolicyRule {
  const [groups, target, verbText] = line.split(" | ") as [string, string, string];
  const verbs = verbText
    .split(" ")
    .flatMap((verb) => (verb === "READ" ? READ : verb === "WRITE" ? WRITE : [verb]))
    .sort();
  if (groups === "url") return { nonResourceURLs: target.split(" "), verbs };
  const [resources, names] = target.split(" @ ") as [string, string | undefined];
  return {
    apiGroups: groups.split(" ").map((group) => (group === "core" ? "" : group)),
    resources: resources.split(" "),
    ...(names === undefined ? {} : { resourceNames: names.split(" ") }),
    verbs,
  };
}

/** Upstream's aggregation controller fills these roles; they are written complete, so that they hold from the start. */
function withoutAggregated(roles: NewObject[]): NewObject[] {
  const rulesOf = (role: NewObject): PolicyRule[] => {
    const label = Object.keys(role.aggregationRule?.clusterRoleSelectors[0].matchLabels ?? {})[0];
    if (label === undefined) return role.rules;
    const sources = roles.filter((other) => other.metadata.labels?.[label] === "true");
    return [...role.rules, ...sources.flatMap(rulesOf)];
  };
  return roles.map((role) => ({ ...role, rules: rulesOf(role) }));
}

function parseBinding(line: string): NewObject {
  const [, fullName, role, subjects = ""] = /^(\S+) = (\S+) :(.*)$/.exec(line)!;
  const { namespace, name } = splitName(fullName!);
  const [kind, roleName] = role!.startsWith("Role/") ? ["Role", role!.slice(5)] : ["ClusterRole", role!];
  return binding(
    name,
    namespace,
    { kind, name: roleName! },
    subjects.split(" ").filter(Boolean).map(parseSubject),
  );
}

function parseSubject(text: string) {
  const colon = text.indexOf(":");
  const [kind, name] = [text.slice(0, colon), text.slice(colon + 1)];
  if (kind !== "ServiceAccount") return { apiGroup: RBAC, kind, name };
  const slash = name.indexOf("/");
  return { kind, namespace: name.slice(0, slash), name: name.slice(slash + 1) };
}

function controllerBinding(roleName: string): NewObject {
  const account = roleName.slice(roleName.lastIndexOf(":") + 1);
  const subject = { kind: "ServiceAccount", namespace: "kube-system", name: account };
  return binding(roleName, undefined, { kind: "ClusterRole", name: roleName }, [subject]);
}

function binding(
  name: string,
  namespace: string | undefined,
  role: { kind: string; name: string },
  subjects: object[],
): NewObject {
  return {
    apiVersion: API_VERSION,
    kind: namespace === undefined ? "ClusterRoleBinding" : "RoleBinding",
    metadata: bootstrapMetadata(name, namespace),
    roleRef: { apiGroup: RBAC, ...role },
    ...(subjects.length === 0 ? {} : { subjects }),
  };
}

function bootstrapMetadata(name: string, namespace: string | undefined) {
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { "kubernetes.io/bootstrapping": "rbac-defaults" } as Record<string, string>,
    annotations: { "rbac.authorization.kubernetes.io/autoupdate": "true" },
  };
}

function splitName(fullName: string): { namespace: string | undefined; name: string } {
  const slash = fullName.indexOf("/");
  if (slash < 0) return { namespace: undefined, name: fullName };
  return { namespace: fullName.slice(0, slash), name: fullName.slice(slash + 1) };
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}
