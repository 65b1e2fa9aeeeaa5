import { isGantryError } from "../../../base/index.ts";
import { configMaps, namespaces, pods, secrets } from "../../api/index.ts";
import { describeConvergence } from "../testing/fault-tests.ts";
import { pod } from "../testing/objects.ts";
import { createNamespaceController } from "./index.ts";

const WORLD = "world";

describeConvergence(
  "the end of a namespace",
  {
    controllers: { "namespace-controller": createNamespaceController },
    worldLabel: WORLD,
    async prepare({ client, namespace }) {
      await client.patch(namespaces, undefined, namespace, "merge", {
        metadata: { labels: { [WORLD]: namespace } },
      });
      for (const name of ["a", "b"]) {
        await client.create(configMaps, { metadata: { name, namespace } });
        await client.create(pods, pod(name, namespace));
      }
    },
    async play({ client, namespace }) {
      await client.delete(namespaces, undefined, namespace);
    },
    async outcome({ client, namespace }) {
      const left = await Promise.all(
        [configMaps, secrets, pods].map(
          async (kind) => (await client.list(kind, { namespace })).items.length,
        ),
      );
      try {
        await client.get(namespaces, undefined, namespace);
        return ["there", ...left];
      } catch (error) {
        if (!isGantryError(error, "NotFound")) throw error;
        return ["gone", ...left];
      }
    },
  },
  { end: ["gone", 0, 0, 0], writes: 2, events: 0 },
);
