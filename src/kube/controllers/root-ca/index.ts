import { configMaps, namespaces as namespacesResource } from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { ensureInEveryNamespace } from "../in-every-namespace.ts";

const NAME = "kube-root-ca.crt";
const DESCRIPTION =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

/** Publishes the cluster's CA certificate as a ConfigMap in every namespace; pods' tokens are projected beside it. */
export function createRootCaController(
  dependencies: ControllerDependencies & { caCertificate: string },
): Controller {
  const { client, informers, caCertificate } = dependencies;
  const data = { "ca.crt": caCertificate };
  return createController(
    ensureInEveryNamespace({
      name: "root-ca",
      objectName: NAME,
      namespaces: informers.informer(namespacesResource),
      objects: informers.informer(configMaps),
      write: async (namespace, known) => {
        if (!known) {
          await client.create(configMaps, {
            apiVersion: "v1",
            kind: "ConfigMap",
            metadata: { name: NAME, namespace, annotations: { "kubernetes.io/description": DESCRIPTION } },
            data,
          });
        } else if (known.data?.["ca.crt"] !== caCertificate) {
          await client.update(configMaps, { ...known, data });
        }
      },
    }),
    dependencies,
  );
}
