import type { ControlPlane } from "./control-plane.ts";
import { asClusterDns, asController, asNetworkPolicy, asNode, asProxy } from "./identities.ts";
import type { NodeClients } from "./node.ts";

/** The clients of a node in the process of its control plane. */
export function localNodeClients(
  { clientAs }: Pick<ControlPlane, "clientAs">,
  nodeName: string,
): NodeClients {
  return {
    kubelet: () => clientAs(asNode(nodeName), "kubelet"),
    proxy: () => clientAs(asProxy, "kube-proxy"),
    networkPolicy: () => clientAs(asNetworkPolicy, "network-policy"),
    dns: () => clientAs(asClusterDns, "cluster-dns"),
    // As upstream's binder, which once made volumes itself.
    volumeProvisioner: () => clientAs(asController("persistent-volume-binder"), "volume-provisioner"),
  };
}
