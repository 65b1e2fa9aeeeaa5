import type { KindDefinition, KindSource } from "../../api/index.ts";

export const GATEWAY_GROUP = "gateway.networking.k8s.io";

/** Each kind in the versions that can be read, the best first. */
const VERSIONS = {
  GatewayClass: ["v1"],
  Gateway: ["v1"],
  HTTPRoute: ["v1"],
  GRPCRoute: ["v1"],
  TLSRoute: ["v1", "v1alpha3", "v1alpha2"],
  ReferenceGrant: ["v1", "v1beta1"],
  BackendTLSPolicy: ["v1", "v1alpha3"],
} as const;

export type GatewayKind = keyof typeof VERSIONS;
export type RouteKind = "HTTPRoute" | "GRPCRoute" | "TLSRoute";
export const ROUTE_KINDS: readonly RouteKind[] = ["HTTPRoute", "GRPCRoute", "TLSRoute"];
export const GATEWAY_KINDS = Object.keys(VERSIONS) as GatewayKind[];

/** The kinds of the Gateway API that are served at the moment, each in one version. */
export function servedGatewayKinds(kinds: KindSource): Map<GatewayKind, KindDefinition> {
  const found = new Map<GatewayKind, KindDefinition>();
  for (const name of GATEWAY_KINDS) {
    const served = VERSIONS[name]
      .map((version) => kinds.findByKind(GATEWAY_GROUP, version, name))
      .find((kind) => kind !== undefined && kind.isTerminating !== true);
    if (served) found.set(name, served);
  }
  return found;
}
