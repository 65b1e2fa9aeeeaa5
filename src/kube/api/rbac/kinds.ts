import type { KindDefinition } from "../types.ts";
import { clusterRoles } from "./cluster-role.ts";
import { clusterRoleBindings } from "./cluster-role-binding.ts";
import { roles } from "./role.ts";
import { roleBindings } from "./role-binding.ts";

export const rbacKinds: readonly KindDefinition[] = [roles, clusterRoles, roleBindings, clusterRoleBindings];
