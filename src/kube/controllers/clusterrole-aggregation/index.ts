import { jsonEquals, labelSelectorFrom } from "../../../formats/index.ts";
import type { ClusterRole, PolicyRule } from "../../api/index.ts";
import { clusterRoles } from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { writeOnNewest } from "../newest.ts";
import { unlessGone } from "../write-errors.ts";

/** Writes into ClusterRoles with an aggregationRule the rules of those that it selects, where people look for them. */
export function createClusterRoleAggregationController(dependencies: ControllerDependencies): Controller {
  const { client, informers } = dependencies;
  const roles = informers.informer(clusterRoles);

  /** In the order of the roles' names, each rule once. */
  const aggregated = (role: ClusterRole): PolicyRule[] => {
    const selectors = (role.aggregationRule?.clusterRoleSelectors ?? []).map(labelSelectorFrom);
    const others = [...roles.list()].filter((one) => one.metadata.name !== role.metadata.name);
    const inOrder = others.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    const rules: PolicyRule[] = [];
    for (const selector of selectors) {
      for (const one of inOrder) {
        if (!selector.matches(one.metadata.labels)) continue;
        for (const rule of one.rules ?? [])
          if (!rules.some((known) => jsonEquals(known, rule))) rules.push(rule);
      }
    }
    return rules;
  };

  return createController(
    {
      name: "clusterrole-aggregation",
      informers: [roles],
      watch: (enqueue) => {
        const changed = (): void => {
          for (const one of roles.list()) if (one.aggregationRule) enqueue(one.metadata.name);
        };
        return [roles.subscribe({ onAdd: changed, onUpdate: changed, onDelete: changed })];
      },
      reconcile: async (key) => {
        const role = roles.get(key);
        if (!role?.aggregationRule || role.metadata.deletionTimestamp !== undefined) return;
        const update = async (base: ClusterRole): Promise<void> => {
          const rules = aggregated(base);
          if (!jsonEquals(base.rules ?? [], rules)) await client.update(clusterRoles, { ...base, rules });
        };
        await unlessGone(writeOnNewest(roles, role, update));
      },
    },
    dependencies,
  );
}
