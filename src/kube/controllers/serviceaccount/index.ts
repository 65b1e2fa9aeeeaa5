import { namespaces as namespacesResource, serviceAccounts } from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { ensureInEveryNamespace } from "../in-every-namespace.ts";

/** Every namespace has a service account `default`. */
export function createServiceAccountController(dependencies: ControllerDependencies): Controller {
  const { client, informers } = dependencies;
  const accounts = informers.informer(serviceAccounts);
  return createController(
    ensureInEveryNamespace({
      name: "serviceaccount",
      objectName: "default",
      namespaces: informers.informer(namespacesResource),
      objects: accounts,
      write: async (namespace, known) => {
        if (known) return;
        await client.create(serviceAccounts, {
          apiVersion: "v1",
          kind: "ServiceAccount",
          metadata: { name: "default", namespace },
        });
      },
    }),
    dependencies,
  );
}
