import type { EndpointSlice, Ingress, IngressSpec, Secret, Service } from "../../api/index.ts";
import type { ClusterLookup } from "../cluster-lookup.ts";

const created = { creationTimestamp: "2026-01-01T00:00:00Z", resourceVersion: "1" };

export function ingress(
  name: string,
  spec: IngressSpec,
  annotations: Record<string, string> = {},
  creationTimestamp = created.creationTimestamp,
): Ingress {
  const prefixed = Object.entries(annotations).map(([key, value]) => [
    key.includes("/") ? key : `nginx.ingress.kubernetes.io/${key}`,
    value,
  ]);
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      ...created,
      name,
      namespace: "shop",
      uid: `uid-${name}`,
      creationTimestamp,
      annotations: Object.fromEntries(prefixed),
    },
    spec,
  };
}

/** A path to a Service's port 80. */
export function path(value: string, service = "web", pathType = "Prefix") {
  return { path: value, pathType, backend: to(service) };
}

export const to = (name: string, port: number | string = 80) => ({
  service: { name, port: typeof port === "number" ? { number: port } : { name: port } },
});

export function service(
  name: string,
  ports: Service["spec"]["ports"] = [{ name: "http", port: 80 }],
): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { ...created, name, namespace: "shop", uid: `uid-${name}` },
    spec: { ports },
  } as Service;
}

export function secret(name: string, data: Record<string, string>, type = "Opaque"): Secret {
  const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString("base64")]);
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { ...created, name, namespace: "shop", uid: `uid-${name}` },
    type,
    data: Object.fromEntries(encoded),
  } as Secret;
}

export function slice(
  service: string,
  endpoints: EndpointSlice["endpoints"],
  ports: EndpointSlice["ports"] = [{ name: "http", port: 8080, protocol: "TCP" }],
): EndpointSlice {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      ...created,
      name: `${service}-1`,
      namespace: "shop",
      uid: `uid-slice-${service}`,
      labels: { "kubernetes.io/service-name": service },
    },
    addressType: "IPv4",
    endpoints,
    ports,
  };
}

/** Objects of the namespace `shop`. */
export function lookup(...objects: readonly (Service | Secret)[]): ClusterLookup {
  const find = (kind: string, key: string) =>
    objects.find((one) => one.kind === kind && `${one.metadata.namespace}/${one.metadata.name}` === key);
  return {
    service: (key) => find("Service", key) as Service | undefined,
    secret: (key) => find("Secret", key) as Secret | undefined,
  };
}
