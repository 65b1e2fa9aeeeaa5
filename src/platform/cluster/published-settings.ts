import { isGantryError } from "../../base/index.ts";
import { type ConfigMap, configMaps } from "../../kube/api/index.ts";
import { kubeconfigText } from "../../kube/apiserver/index.ts";
import type { KubeClient } from "../../kube/client/index.ts";
import type { ClusterSettings } from "./cluster-settings.ts";
import { SETTINGS_MAP } from "./read-settings.ts";

export interface PublishedCluster {
  settings: ClusterSettings;
  /** `https://192.0.2.1:6443` */
  server: string;
  /** By whom clients know the servers, as PEM. */
  caPem: string;
}

/**
 * Writes down at the API what machines must know that want to join: `kube-public/cluster-info`, as kubeadm's, for everybody, and the
 * settings for nodes and those who have a token.
 */
export async function publishCluster(client: KubeClient, cluster: PublishedCluster): Promise<void> {
  const { settings, server, caPem } = cluster;
  const kubeconfig = kubeconfigText({ server, ca: caPem, name: "" });
  await write(client, "kube-public", "cluster-info", { kubeconfig });
  await write(client, "kube-system", SETTINGS_MAP, { settings: JSON.stringify(settings) });
}

/** Other keys than these stay: signatures by tokens, which the bootstrap signer writes. */
async function write(
  client: KubeClient,
  namespace: string,
  name: string,
  data: Record<string, string>,
): Promise<void> {
  try {
    const known = await client.get<ConfigMap>(configMaps, namespace, name);
    if (Object.entries(data).every(([key, value]) => known.data?.[key] === value)) return;
    await client.patch(configMaps, namespace, name, "merge", { data });
  } catch (error) {
    if (!isGantryError(error, "NotFound")) throw error;
    await client.create(configMaps, { metadata: { namespace, name }, data });
  }
}
