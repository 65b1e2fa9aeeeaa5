import { customResourceDefinitions } from "../../api/index.ts";
import type { KubeClient } from "../../client/index.ts";
import { eventually } from "../../controllers/testing/eventually.ts";
import { GATEWAY_GROUP } from "../gateway/gateway-kinds.ts";

const KINDS: [kind: string, plural: string, version: string, scope: "Cluster" | "Namespaced"][] = [
  ["GatewayClass", "gatewayclasses", "v1", "Cluster"],
  ["Gateway", "gateways", "v1", "Namespaced"],
  ["HTTPRoute", "httproutes", "v1", "Namespaced"],
  ["GRPCRoute", "grpcroutes", "v1", "Namespaced"],
  ["TLSRoute", "tlsroutes", "v1", "Namespaced"],
  ["ReferenceGrant", "referencegrants", "v1beta1", "Namespaced"],
  ["BackendTLSPolicy", "backendtlspolicies", "v1", "Namespaced"],
];

/** Definitions that take whatever a spec says: as much of the Gateway API as a test of a controller needs. */
export function gatewayDefinitions() {
  return KINDS.map(([kind, plural, version, scope]) => ({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${plural}.${GATEWAY_GROUP}`,
      annotations: { "api-approved.kubernetes.io": "unapproved, for tests" },
    },
    spec: {
      group: GATEWAY_GROUP,
      scope,
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: {
                spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
                status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
              },
            },
          },
        },
      ],
    },
  }));
}

export async function defineGatewayKinds(client: KubeClient): Promise<void> {
  const definitions = gatewayDefinitions();
  for (const one of definitions) await client.create(customResourceDefinitions, one as never);
  for (const { metadata } of definitions) {
    await eventually(async () => {
      const { status } = await client.get(customResourceDefinitions, undefined, metadata.name);
      if (!status?.conditions?.some(({ type, status }) => type === "Established" && status === "True"))
        throw new Error(`${metadata.name} is not established`);
    });
  }
}
