import { services } from "../../api/index.ts";
import { eventually } from "../testing/eventually.ts";
import { describeConvergence } from "../testing/fault-tests.ts";
import { service } from "../testing/objects.ts";
import { createLoadBalancerController } from "./index.ts";

describeConvergence(
  "the addresses of load balancers",
  {
    controllers: {
      "service-controller": (dependencies) =>
        createLoadBalancerController({ ...dependencies, poolCidr: "10.9.0.0/29" }),
    },
    async play({ client, namespace }) {
      const hasAddress = (name: string) =>
        eventually(async () => {
          const { status } = await client.get(services, namespace, name);
          if (!status?.loadBalancer?.ingress?.[0]?.ip) throw new Error("no address");
        });
      for (const name of ["a", "b", "c"])
        await client.create(
          services,
          service(name, namespace, { type: "LoadBalancer", ports: [{ port: 80 }] }),
        );
      for (const name of ["a", "b"]) await hasAddress(name);
      await client.delete(services, namespace, "a");
      await client.patch(services, namespace, "b", "merge", { spec: { type: "ClusterIP" } });
    },
    async outcome({ client, namespace }) {
      const { items } = await client.list(services, { namespace });
      return items.map(({ metadata, status }) => [metadata.name, status?.loadBalancer?.ingress?.length ?? 0]);
    },
  },
  {
    end: [
      ["b", 0],
      ["c", 1],
    ],
    writes: 2,
    events: 4,
  },
);
