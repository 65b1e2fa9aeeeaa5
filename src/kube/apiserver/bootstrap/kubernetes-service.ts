import { endpointSlices, endpoints, isStatusError, type KubeObject, services } from "../../api/index.ts";
import type { KubeClient, ResourceRef } from "../../client/types.ts";

const NAME = "kubernetes";
const NAMESPACE = "default";

export interface KubernetesServiceOptions {
  client: KubeClient;
  clusterIp: string;
  /** Where API servers are reached. */
  addresses: readonly string[];
  port: number;
}

/** The Service under which pods reach the API, and the endpoints behind it, which follow the server's own address. */
export async function writeKubernetesService(options: KubernetesServiceOptions): Promise<void> {
  const { client, clusterIp, addresses, port } = options;
  const labels = { component: "apiserver", provider: "kubernetes" };
  await ensure(
    client,
    services,
    {
      metadata: { name: NAME, namespace: NAMESPACE, labels },
      spec: {
        type: "ClusterIP",
        clusterIP: clusterIp,
        sessionAffinity: "None",
        ports: [{ name: "https", port: 443, protocol: "TCP", targetPort: port }],
      },
    },
    (current) =>
      current.spec.ports[0]?.targetPort === port
        ? undefined
        : { ...current, spec: { ...current.spec, ports: [{ ...current.spec.ports[0], targetPort: port }] } },
  );
  const subsets = [
    { addresses: addresses.map((ip) => ({ ip })), ports: [{ name: "https", port, protocol: "TCP" }] },
  ];
  await ensure(
    client,
    endpoints,
    {
      metadata: {
        name: NAME,
        namespace: NAMESPACE,
        labels: { "endpointslice.kubernetes.io/skip-mirror": "true" },
      },
      subsets,
    },
    (current) => (same(current.subsets, subsets) ? undefined : { ...current, subsets }),
  );
  const slice = {
    addressType: "IPv4",
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: "https", port, protocol: "TCP" }],
  };
  await ensure(
    client,
    endpointSlices,
    {
      metadata: { name: NAME, namespace: NAMESPACE, labels: { "kubernetes.io/service-name": NAME } },
      ...slice,
    },
    (current) =>
      same(current.ports, slice.ports) && same(current.endpoints, slice.endpoints)
        ? undefined
        : { ...current, ...slice },
  );
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

async function ensure(
  client: KubeClient,
  resource: ResourceRef,
  wanted: { metadata: { name: string; namespace: string } & Record<string, unknown> } & Record<
    string,
    unknown
  >,
  change: (current: KubeObject) => KubeObject | undefined,
): Promise<void> {
  const { namespace, name } = wanted.metadata;
  try {
    const current = await client.get(resource, namespace, name);
    const next = change(current);
    if (next) await client.update(resource, next);
  } catch (error) {
    if (!isStatusError(error, "NotFound")) throw error;
    await client.create(resource, wanted as unknown as KubeObject);
  }
}
