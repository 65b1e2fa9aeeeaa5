import { pods } from "../../api/index.ts";
import { describeConvergence } from "../testing/fault-tests.ts";
import { pod } from "../testing/objects.ts";
import { createPodGcController } from "./index.ts";

describeConvergence(
  "the removal of pods that have ended",
  {
    controllers: {
      "pod-garbage-collector": (dependencies) =>
        createPodGcController({ ...dependencies, terminatedKept: 1 }),
    },
    async prepare({ client, namespace }) {
      for (const [name, phase] of [
        ["runs", "Running"],
        ["a", "Succeeded"],
        ["b", "Failed"],
        ["c", "Succeeded"],
      ] as const) {
        await client.create(pods, pod(name, namespace));
        await client.patch(pods, namespace, name, "merge", { status: { phase } }, { subresource: "status" });
      }
    },
    play: async () => {},
    async outcome({ client, namespace }) {
      const { items } = await client.list(pods, { namespace });
      return items
        .map(({ metadata, status }) => (status?.phase === "Running" ? metadata.name : "ended"))
        .sort();
    },
  },
  { end: ["ended", "runs"], writes: 1, events: -1 },
);
