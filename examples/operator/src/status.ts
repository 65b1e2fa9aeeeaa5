import type { V1Deployment, V1Service } from "@kubernetes/client-node";
import { LABEL } from "./children.ts";
import type { Site, SiteCondition, SiteStatus } from "./site.ts";

/** What is to be told of a site, by what has been seen of its children. */
export function statusOf(site: Site, deployment: V1Deployment, service: V1Service): SiteStatus {
  const readyReplicas = deployment.status?.readyReplicas ?? 0;
  const address = service.status?.loadBalancer?.ingress?.[0]?.ip ?? service.spec?.clusterIP;
  return {
    observedGeneration: site.metadata.generation,
    replicas: deployment.status?.replicas ?? 0,
    readyReplicas,
    selector: `${LABEL}=${site.metadata.name}`,
    ...(address ? { address } : {}),
    conditions: [readyCondition(site, readyReplicas, isUpdated(deployment))],
  };
}

function isUpdated({ metadata, spec, status }: V1Deployment): boolean {
  return (
    status?.observedGeneration === metadata?.generation &&
    (status?.updatedReplicas ?? 0) === spec?.replicas &&
    (status?.replicas ?? 0) === spec?.replicas
  );
}

function readyCondition(site: Site, readyReplicas: number, updated: boolean): SiteCondition {
  const ready = updated && readyReplicas === site.spec.replicas;
  const status = ready ? "True" : "False";
  const before = site.status?.conditions?.find(({ type }) => type === "Ready");
  return {
    type: "Ready",
    status,
    reason: ready ? "Served" : "Progressing",
    message: `${readyReplicas} of ${site.spec.replicas} replicas are ready`,
    observedGeneration: site.metadata.generation,
    lastTransitionTime: before?.status === status ? before.lastTransitionTime : timestamp(),
  };
}

/** Now, to the second. */
function timestamp(): string {
  return new Date().toISOString().replace(/\.\d+/, "");
}
