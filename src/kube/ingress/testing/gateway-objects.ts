import type { ConfigMap, Namespace, Secret, Service } from "../../api/index.ts";
import { GATEWAY_GROUP } from "../gateway/gateway-kinds.ts";
import type { GatewayLookup } from "../gateway/gateway-lookup.ts";
import type {
  BackendTlsPolicy,
  Gateway,
  GatewayListener,
  GrpcRoute,
  HttpRoute,
  HttpRouteRule,
  ReferenceGrant,
  Route,
} from "../gateway/gateway-types.ts";

function object<T>(kind: string, name: string, spec: object, namespace = "shop"): T {
  return {
    apiVersion: `${GATEWAY_GROUP}/v1`,
    kind,
    metadata: {
      name,
      namespace,
      uid: `uid-${kind}-${name}`,
      resourceVersion: "1",
      generation: 1,
      creationTimestamp: "2026-01-01T00:00:00Z",
    },
    spec,
  } as T;
}

export function gateway(listeners: Partial<GatewayListener>[], spec: Partial<Gateway["spec"]> = {}): Gateway {
  const complete = listeners.map((one, index) => ({ name: `l${index}`, port: 80, protocol: "HTTP", ...one }));
  return object("Gateway", "gate", { gatewayClassName: "gantry", listeners: complete, ...spec });
}

export function httpRoute(
  rules: HttpRouteRule[],
  spec: Partial<Route["spec"]> = {},
  namespace?: string,
): HttpRoute {
  return object("HTTPRoute", "route", { parentRefs: [{ name: "gate" }], rules, ...spec }, namespace);
}

export function grpcRoute(rules: GrpcRoute["spec"]["rules"]): GrpcRoute {
  return object("GRPCRoute", "route", { parentRefs: [{ name: "gate" }], rules });
}

export function grant(
  from: [kind: string, namespace: string],
  to: [kind: string, name?: string],
): ReferenceGrant {
  const [kind, namespace] = from;
  return object(
    "ReferenceGrant",
    "grant",
    {
      from: [{ group: GATEWAY_GROUP, kind, namespace }],
      to: [{ group: "", kind: to[0], ...(to[1] ? { name: to[1] } : {}) }],
    },
    "other",
  );
}

export function tlsPolicy(
  service: string,
  validation: BackendTlsPolicy["spec"]["validation"],
): BackendTlsPolicy {
  return object("BackendTLSPolicy", "policy", {
    targetRefs: [{ group: "", kind: "Service", name: service }],
    validation,
  });
}

export interface GatewayWorldObjects {
  services?: Service[];
  secrets?: Secret[];
  configMaps?: ConfigMap[];
  namespaces?: Record<string, Record<string, string>>;
  grants?: ReferenceGrant[];
  policies?: BackendTlsPolicy[];
}

export function gatewayLookup(objects: GatewayWorldObjects = {}): GatewayLookup {
  const {
    services = [],
    secrets = [],
    configMaps = [],
    namespaces = {},
    grants = [],
    policies = [],
  } = objects;
  const byKey = <T extends { metadata: { namespace?: string; name: string } }>(
    all: readonly T[],
    key: string,
  ) => all.find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === key);
  return {
    service: (key) => byKey(services, key),
    secret: (key) => byKey(secrets, key),
    configMap: (key) => byKey(configMaps, key),
    namespace: (name) => {
      const labels = namespaces[name];
      return labels ? ({ metadata: { name, labels } } as Namespace) : undefined;
    },
    grants: (namespace) => grants.filter((one) => one.metadata.namespace === namespace),
    tlsPolicies: (key) =>
      policies.filter(({ metadata, spec }) =>
        spec.targetRefs.some(({ name }) => `${metadata.namespace}/${name}` === key),
      ),
  };
}
