import { nodes } from "../../api/index.ts";
import { describeConvergence } from "../testing/fault-tests.ts";
import { node } from "../testing/objects.ts";
import { createTtlController } from "./index.ts";

const WORLD = "world";
const TTL = "node.alpha.kubernetes.io/ttl";

describeConvergence(
  "how long nodes may keep Secrets in mind",
  {
    controllers: { "ttl-controller": createTtlController },
    worldLabel: WORLD,
    async prepare({ client, namespace }) {
      await client.create(nodes, node(`a-${namespace}`, { [WORLD]: namespace }));
    },
    async play({ client, namespace }) {
      await client.create(nodes, node(`b-${namespace}`, { [WORLD]: namespace }));
      const annotations = { [TTL]: "17" };
      await client.patch(nodes, undefined, `a-${namespace}`, "merge", { metadata: { annotations } });
    },
    async outcome({ client, namespace }) {
      const { items } = await client.list(nodes, { labelSelector: `${WORLD}=${namespace}` });
      return items.map(({ metadata }) => metadata.annotations?.[TTL]);
    },
  },
  { end: ["0", "0"], writes: 1, events: 1 },
);
