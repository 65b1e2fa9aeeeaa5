import { configMaps, namespaces, serviceAccounts } from "../../api/index.ts";
import { createRootCaController } from "../root-ca/index.ts";
import { eventually } from "../testing/eventually.ts";
import { describeConvergence } from "../testing/fault-tests.ts";
import { createServiceAccountController } from "./index.ts";

const WORLD = "world";
const CERTIFICATE = "kube-root-ca.crt";

describeConvergence(
  "what each namespace has",
  {
    controllers: {
      "service-account-controller": createServiceAccountController,
      "root-ca-cert-publisher": (dependencies) =>
        createRootCaController({ ...dependencies, caCertificate: "PEM" }),
    },
    worldLabel: WORLD,
    async prepare({ client, namespace }) {
      await client.patch(namespaces, undefined, namespace, "merge", {
        metadata: { labels: { [WORLD]: namespace } },
      });
      await client.delete(serviceAccounts, namespace, "default");
    },
    async play({ client, namespace }) {
      await eventually(() => client.get(configMaps, namespace, CERTIFICATE));
      await client.patch(configMaps, namespace, CERTIFICATE, "merge", { data: { "ca.crt": "forged" } });
      await eventually(() => client.get(serviceAccounts, namespace, "default"));
      await client.delete(serviceAccounts, namespace, "default");
    },
    async outcome({ client, namespace }) {
      const accounts = await client.list(serviceAccounts, { namespace });
      const maps = await client.list(configMaps, { namespace });
      return [accounts.items.map(({ metadata }) => metadata.name), maps.items.map(({ data }) => data)];
    },
  },
  { end: [["default"], [{ "ca.crt": "PEM" }]], writes: 2, events: 4 },
);
