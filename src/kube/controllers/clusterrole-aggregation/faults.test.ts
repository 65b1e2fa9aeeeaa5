import { clusterRoles } from "../../api/index.ts";
import { eventually } from "../testing/eventually.ts";
import { describeConvergence } from "../testing/fault-tests.ts";
import { createClusterRoleAggregationController } from "./index.ts";

const WORLD = "world";
const rule = (resource: string) => ({ apiGroups: ["a.test"], resources: [resource], verbs: ["get"] });

describeConvergence(
  "the aggregation of ClusterRoles",
  {
    controllers: { "clusterrole-aggregation-controller": createClusterRoleAggregationController },
    worldLabel: WORLD,
    async play({ client, namespace }) {
      const world = { [WORLD]: namespace };
      const part = (name: string, resource: string) => ({
        metadata: { name: `${name}-${namespace}`, labels: { ...world, [`part-${namespace}`]: "yes" } },
        rules: [rule(resource)],
      });
      const clusterRoleSelectors = [{ matchLabels: { [`part-${namespace}`]: "yes" } }];
      await client.create(clusterRoles, {
        metadata: { name: `whole-${namespace}`, labels: world },
        aggregationRule: { clusterRoleSelectors },
        rules: [],
      });
      await client.create(clusterRoles, part("a", "apples"));
      await client.create(clusterRoles, part("b", "pears"));
      await eventually(async () => {
        const { rules } = await client.get(clusterRoles, undefined, `whole-${namespace}`);
        if (rules?.length !== 2) throw new Error(`rules: ${rules?.length}`);
      });
      await client.patch(clusterRoles, undefined, `b-${namespace}`, "merge", { rules: [rule("plums")] });
      await client.delete(clusterRoles, undefined, `a-${namespace}`);
    },
    async outcome({ client, namespace }) {
      const { rules = [] } = await client.get(clusterRoles, undefined, `whole-${namespace}`);
      return (rules ?? []).map(({ resources }) => resources);
    },
  },
  { end: [["plums"]], writes: 2, events: 5 },
);
