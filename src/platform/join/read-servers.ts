import { type EndpointSlice, endpointSlices } from "../../kube/api/index.ts";
import type { KubeClient } from "../../kube/client/index.ts";

/** The servers of the cluster, as the endpoints of the Service `kubernetes` tell them: `https://192.0.2.1:6443`. */
export async function readServers(client: KubeClient): Promise<string[]> {
  const { items } = await client.list<EndpointSlice>(endpointSlices, {
    namespace: "default",
    labelSelector: "kubernetes.io/service-name=kubernetes",
  });
  return items.flatMap(({ endpoints, ports }) => {
    const port = ports?.find(({ name }) => name === "https")?.port;
    if (port === undefined) return [];
    return (endpoints ?? []).flatMap(({ addresses }) => addresses.map((one) => `https://${one}:${port}`));
  });
}
