import { endpointSlices, endpoints, services } from "../../api/index.ts";
import { eventually } from "../testing/eventually.ts";
import { describeConvergence } from "../testing/fault-tests.ts";
import { service } from "../testing/objects.ts";
import { createEndpointSliceMirroringController } from "./index.ts";

const subset = (ip: string) => ({ addresses: [{ ip }], ports: [{ name: "http", port: 80 }] });

describeConvergence(
  "the mirroring of Endpoints",
  {
    controllers: { "endpointslicemirroring-controller": createEndpointSliceMirroringController },
    async play({ client, namespace }) {
      const mirrored = (...ips: string[]) =>
        eventually(async () => {
          const { items } = await client.list(endpointSlices, { namespace });
          const all = items.flatMap((one) => one.endpoints.flatMap(({ addresses }) => addresses));
          if (all.sort().join() !== ips.join()) throw new Error(`mirrored: ${all}`);
        });
      for (const name of ["web", "gone"]) {
        const spec = { selector: null, ports: [{ name: "http", port: 80 }] };
        await client.create(services, service(name, namespace, spec));
        await client.create(endpoints, { metadata: { name, namespace }, subsets: [subset("10.1.0.1")] });
      }
      await mirrored("10.1.0.1", "10.1.0.1");
      await client.patch(endpoints, namespace, "web", "merge", { subsets: [subset("10.1.0.2")] });
      await client.delete(endpoints, namespace, "gone");
    },
    async outcome({ client, namespace }) {
      const { items } = await client.list(endpointSlices, { namespace });
      return items.map((one) => [
        one.metadata.labels?.["kubernetes.io/service-name"],
        one.endpoints.map(({ addresses }) => addresses),
      ]);
    },
  },
  { end: [["web", [["10.1.0.2"]]]], writes: 3, events: 8 },
);
