import { createHash } from "node:crypto";
import type { KubernetesObject, V1ConfigMap, V1Deployment, V1Service } from "@kubernetes/client-node";
import type { Site } from "./site.ts";

export const LABEL = "web.example.com/site";

/** All that a site consists of: applied as it stands here, so that whoever changes it is set right again. */
export function childrenOf(site: Site, image: string): KubernetesObject[] {
  return [pageOf(site), deploymentOf(site, image), serviceOf(site)];
}

function metadataOf(site: Site) {
  const { name, namespace, uid } = site.metadata;
  const owner = { apiVersion: site.apiVersion, kind: site.kind, name: name!, uid: uid!, controller: true };
  return {
    name: `${name}-site`,
    namespace: namespace!,
    labels: { [LABEL]: name! },
    ownerReferences: [owner],
  };
}

function pageOf(site: Site): V1ConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: metadataOf(site),
    data: { title: site.spec.page.title ?? "", text: site.spec.page.text },
  };
}

function deploymentOf(site: Site, image: string): V1Deployment {
  const metadata = metadataOf(site);
  const pageHash = createHash("sha256").update(JSON.stringify(site.spec.page)).digest("hex").slice(0, 16);
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec: {
      replicas: site.spec.replicas,
      selector: { matchLabels: metadata.labels },
      template: {
        // Another page is another template: the pods are rolled.
        metadata: { labels: metadata.labels, annotations: { "web.example.com/page": pageHash } },
        spec: {
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 2,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 1000,
            seccompProfile: { type: "RuntimeDefault" },
          },
          containers: [
            {
              name: "site",
              image,
              command: ["node", "src/serve-page.ts"],
              ports: [{ name: "http", containerPort: 8080 }],
              readinessProbe: { httpGet: { path: "/", port: "http" }, periodSeconds: 1 },
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
              volumeMounts: [{ name: "page", mountPath: "/page", readOnly: true }],
            },
          ],
          volumes: [{ name: "page", configMap: { name: metadata.name } }],
        },
      },
    },
  };
}

function serviceOf(site: Site): V1Service {
  const metadata = metadataOf(site);
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: {
      type: site.spec.exposure === "public" ? "LoadBalancer" : "ClusterIP",
      selector: metadata.labels,
      ports: [{ name: "http", port: 80, targetPort: "http" }],
    },
  };
}
