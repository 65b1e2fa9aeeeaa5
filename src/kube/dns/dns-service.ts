import { isStatusError, type Service, services } from "../api/index.ts";
import type { KubeClient } from "../client/types.ts";
import { DNS_METRICS_PORT, DNS_PORT } from "./dns-redirect.ts";

export const DNS_SERVICE_NAMESPACE = "kube-system";
export const DNS_SERVICE_NAME = "kube-dns";

/**
 * The Service of the cluster's name service, as kubeadm makes it, but that it selects no pods: each node answers itself
 * what is sent to its address. One that is there stays as it is: with a selector it is that of a name service of somebody's own.
 */
export async function provideDnsService(client: KubeClient, clusterIP: string): Promise<Service> {
  try {
    return await client.get<Service>(services, DNS_SERVICE_NAMESPACE, DNS_SERVICE_NAME);
  } catch (error) {
    if (!isStatusError(error, "NotFound")) throw error;
  }
  return client.create<Service>(services, {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: DNS_SERVICE_NAME,
      namespace: DNS_SERVICE_NAMESPACE,
      labels: {
        "k8s-app": "kube-dns",
        "kubernetes.io/cluster-service": "true",
        "kubernetes.io/name": "CoreDNS",
      },
      annotations: { "prometheus.io/port": `${DNS_METRICS_PORT}`, "prometheus.io/scrape": "true" },
    },
    spec: {
      clusterIP,
      ports: [
        { name: "dns", port: DNS_PORT, protocol: "UDP", targetPort: DNS_PORT },
        { name: "dns-tcp", port: DNS_PORT, protocol: "TCP", targetPort: DNS_PORT },
        { name: "metrics", port: DNS_METRICS_PORT, protocol: "TCP", targetPort: DNS_METRICS_PORT },
      ],
    },
  });
}

/** Pods of somebody's own answer, by the Service's rules, and not the node. */
export function isAnsweredByPods(service: Service | undefined): boolean {
  return Object.keys(service?.spec?.selector ?? {}).length > 0;
}
