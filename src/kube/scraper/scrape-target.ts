import type { EndpointSlice, Pod, Service } from "../api/index.ts";

/** Where a pod tells its metrics. */
export interface ScrapeTarget {
  /** The same for the same place of the same pod. */
  key: string;
  namespace: string;
  pod: string;
  protocol: "http:" | "https:";
  host: string;
  port: number;
  path: string;
}

const MAX_PORTS = 16;
const MAX_PATH_CHARACTERS = 2048;

/** What the usual annotations say (those of Prometheus' example configuration for Kubernetes). */
interface Wish {
  protocol: "http:" | "https:";
  port: number | undefined;
  path: string;
}

function wishOf(annotations: Readonly<Record<string, string>> = {}): Wish | undefined {
  if (annotations["prometheus.io/scrape"] !== "true") return undefined;
  const port = Number(annotations["prometheus.io/port"] || Number.NaN);
  const path = annotations["prometheus.io/path"] || "/metrics";
  if (path.length > MAX_PATH_CHARACTERS) return undefined;
  return {
    protocol: annotations["prometheus.io/scheme"] === "https" ? "https:" : "http:",
    port: Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined,
    path: path.startsWith("/") ? path : `/${path}`,
  };
}

/** Whether something of it is to be read. */
export const isScraped = ({ metadata }: Pod | Service): boolean =>
  metadata.annotations?.["prometheus.io/scrape"] === "true";

/** By the pod's own annotations; without a port in these all that its containers declare. */
export function targetsOfPod(pod: Pod): ScrapeTarget[] {
  const wish = wishOf(pod.metadata.annotations);
  const host = pod.status?.podIP;
  if (!wish || !host || pod.status?.phase !== "Running") return [];
  const declared = pod.spec.containers
    .flatMap(({ ports = [] }) => ports)
    .filter(({ protocol = "TCP" }) => protocol === "TCP")
    .map(({ containerPort }) => containerPort);
  const usual = wish.protocol === "https:" ? 443 : 80;
  const ports = wish.port !== undefined ? [wish.port] : declared.length > 0 ? declared : [usual];
  const { namespace = "", name } = pod.metadata;
  return [...new Set(ports)].slice(0, MAX_PORTS).map((port) => target(wish, namespace, name, host, port));
}

/** By a Service's annotations: each pod behind it; without a port in these all of the endpoints'. */
export function targetsOfService(service: Service, slices: readonly EndpointSlice[]): ScrapeTarget[] {
  const wish = wishOf(service.metadata.annotations);
  if (!wish) return [];
  const { namespace = "" } = service.metadata;
  return slices.flatMap(({ endpoints = [], ports = [] }) =>
    endpoints.flatMap(({ addresses, targetRef }) => {
      const [host] = addresses;
      // An address that is of no pod may lead anywhere.
      if (!host || targetRef?.kind !== "Pod" || !targetRef.name) return [];
      const declared = (ports ?? [])
        .filter(({ protocol = "TCP", port }) => protocol === "TCP" && port)
        .map(({ port }) => port!);
      const wanted = wish.port !== undefined ? [wish.port] : declared;
      return [...new Set(wanted)]
        .slice(0, MAX_PORTS)
        .map((port) => target(wish, namespace, targetRef.name!, host, port));
    }),
  );
}

function target(
  { protocol, path }: Wish,
  namespace: string,
  pod: string,
  host: string,
  port: number,
): ScrapeTarget {
  const key = `${namespace}/${pod} ${protocol}//${host}:${port}${path}`;
  return { key, namespace, pod, protocol, host, port, path };
}
