import { type GroupResource, groupResourceText, type KubeObject } from "../../../api/index.ts";
import type { CheckedPod } from "./check.ts";

const CONTROLLERS = new Set([
  "replicationcontrollers",
  "replicasets.apps",
  "deployments.apps",
  "statefulsets.apps",
  "daemonsets.apps",
  "jobs.batch",
]);

const resourceOf = (kind: GroupResource) => groupResourceText(kind.storedAs ?? kind);

/** The resources whose objects hold the template of a pod. */
export function holdsPodTemplate(kind: GroupResource): boolean {
  const resource = resourceOf(kind);
  return resource === "podtemplates" || resource === "cronjobs.batch" || CONTROLLERS.has(resource);
}

/** The template that an object holds; a ReplicationController may be without. */
export function podTemplateOf(kind: GroupResource, object: KubeObject): CheckedPod | undefined {
  const template = templateOf(resourceOf(kind), object);
  return template && { metadata: template.metadata ?? {}, spec: template.spec };
}

function templateOf(
  resource: string,
  { template, spec }: KubeObject,
): Partial<Pick<CheckedPod, "metadata">> & Pick<CheckedPod, "spec"> {
  if (resource === "podtemplates") return template;
  return resource === "cronjobs.batch" ? spec.jobTemplate.spec.template : spec.template;
}
