import {
  clusterRoleBindings,
  clusterRoles,
  type KindDefinition,
  type KubeObject,
  roleBindings,
  roles,
  statusForbidden,
} from "../../api/index.ts";
import { MASTERS } from "../authentication/users.ts";
import type { Authorizer } from "../authorization/authorizer.ts";
import type { PolicyRule } from "../authorization/policy-rule.ts";
import type { RbacAuthorizer, RbacSource } from "../authorization/rbac-authorizer.ts";
import { ruleText, uncoveredRules } from "../authorization/rule-coverage.ts";
import type { AdmissionPlugin, AdmissionRequest } from "./admission.ts";

export interface RbacEscalationOptions {
  source: RbacSource;
  rbac: RbacAuthorizer;
  authorizer: Authorizer;
}

const ROLE_KINDS = new Set<KindDefinition>([roles, clusterRoles]);
const BINDING_KINDS = new Set<KindDefinition>([roleBindings, clusterRoleBindings]);

/**
 * Nobody gives away rights that they do not have: a role may hold only what its author holds, and a role may be bound
 * only by who holds its rules, or has the verb `escalate` or `bind` (registry/rbac policybased).
 */
export function rbacEscalation(options: RbacEscalationOptions): AdmissionPlugin {
  return {
    name: "RbacEscalation",
    async validate(request) {
      const { kind, operation, user, object } = request;
      if (operation !== "CREATE" && operation !== "UPDATE") return;
      if (user.groups.includes(MASTERS) || !object) return;
      if (ROLE_KINDS.has(kind)) await checkRole(options, request, object);
      else if (BINDING_KINDS.has(kind)) await checkBinding(options, request, object);
    },
  };
}

async function checkRole(
  options: RbacEscalationOptions,
  request: AdmissionRequest,
  role: KubeObject,
): Promise<void> {
  if (await mayAnyway(options, request, "escalate", request.kind.resource, role.metadata.name)) return;
  const selected = role.aggregationRule ? [EVERYTHING, ...EVERY_URL] : [];
  refuseUncovered(options, request, [...((role.rules ?? []) as PolicyRule[]), ...selected]);
}

async function checkBinding(
  options: RbacEscalationOptions,
  request: AdmissionRequest,
  binding: KubeObject,
): Promise<void> {
  const { kind, name } = binding.roleRef as { kind: string; name: string };
  const resource = kind === "Role" ? "roles" : "clusterroles";
  if (await mayAnyway(options, request, "bind", resource, name)) return;
  const role =
    kind === "Role" ? options.source.role(request.namespace ?? "", name) : options.source.clusterRole(name);
  if (!role) {
    throw statusForbidden(
      request.kind,
      binding.metadata.name,
      `role ${JSON.stringify(name)} was not found, and so cannot be bound`,
    );
  }
  refuseUncovered(options, request, (role.rules ?? []) as PolicyRule[]);
}

/** A role that selects others may come to hold anything. */
const EVERYTHING: PolicyRule = { verbs: ["*"], apiGroups: ["*"], resources: ["*"] };
const EVERY_URL: PolicyRule[] = [{ verbs: ["*"], nonResourceURLs: ["*"] }];

async function mayAnyway(
  { authorizer }: RbacEscalationOptions,
  { user, namespace }: AdmissionRequest,
  verb: "bind" | "escalate",
  resource: string,
  name: string,
): Promise<boolean> {
  const { decision } = await authorizer.authorize(user, {
    isResource: true,
    path: "",
    verb,
    group: "rbac.authorization.k8s.io",
    version: "v1",
    resource,
    name,
    ...(namespace ? { namespace } : {}),
  });
  return decision === "allow";
}

function refuseUncovered(
  { rbac }: RbacEscalationOptions,
  request: AdmissionRequest,
  wanted: PolicyRule[],
): void {
  const { user, namespace, kind, object } = request;
  const held = rbac.rulesFor(user, namespace).map(({ rule }) => rule);
  const missing = uncoveredRules(held, wanted);
  if (missing.length === 0) return;
  const groups = `[${user.groups.map((group) => JSON.stringify(group)).join(" ")}]`;
  throw statusForbidden(
    kind,
    object!.metadata.name,
    `user ${JSON.stringify(user.name)} (groups=${groups}) is attempting to grant RBAC permissions not currently held:\n${missing.map(ruleText).join("\n")}`,
  );
}
