import type { Pod, PodTemplateSpec, StatefulSet } from "../../api/index.ts";
import { controllerReference } from "../owner.ts";
import { claimNameOf, withClaims } from "./claims.ts";
import { ordinalOf, partsOf, podNameOf } from "./ordinals.ts";

const POD_NAME = "statefulset.kubernetes.io/pod-name";
const POD_INDEX = "apps.kubernetes.io/pod-index";
const REVISION = "controller-revision-hash";

/** The name of the revision that a pod was made of; empty when it says none. */
export const revisionOf = ({ metadata }: Pick<Pod, "metadata">): string => metadata.labels?.[REVISION] ?? "";

export type NewPod = ReturnType<typeof newStatefulPod>;

/** The pod with this number, of a template that is called `revision`. */
export function newStatefulPod(
  set: StatefulSet,
  template: PodTemplateSpec,
  revision: string,
  ordinal: number,
) {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const name = podNameOf(set, ordinal);
  const volumes = withClaims(set, ordinal, template.spec?.volumes);
  const { serviceName } = set.spec;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      generateName: `${set.metadata.name}-`,
      namespace: set.metadata.namespace!,
      labels: { ...labels, ...identityLabels(name, ordinal), [REVISION]: revision },
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [controllerReference(set)],
    },
    spec: {
      ...template.spec!,
      hostname: name,
      ...(serviceName ? { subdomain: serviceName } : {}),
      ...(volumes.length > 0 ? { volumes } : {}),
    },
  };
}

function identityLabels(name: string, ordinal: number): Record<string, string> {
  return { [POD_NAME]: name, [POD_INDEX]: String(ordinal) };
}

/** Whether the name is one of the set's. */
export function isMember({ metadata }: StatefulSet, pod: Pod): boolean {
  return partsOf(pod.metadata.name).parent === metadata.name;
}

/** Whether the pod says its own name and has the set's claims as its volumes. */
export function isItself(set: StatefulSet, pod: Pod): boolean {
  const { name, labels } = pod.metadata;
  return labels?.[POD_NAME] === name && storageMatches(set, pod);
}

function storageMatches(set: StatefulSet, pod: Pod): boolean {
  const ordinal = ordinalOf(pod);
  return (set.spec.volumeClaimTemplates ?? []).every((template) => {
    const volume = pod.spec.volumes?.find(({ name }) => name === template.metadata.name);
    return volume?.persistentVolumeClaim?.claimName === claimNameOf(set, template, ordinal);
  });
}

/** The pod as it has to be to be the set's own. */
export function asItself(set: StatefulSet, pod: Pod): Pod {
  const ordinal = ordinalOf(pod);
  const labels = { ...pod.metadata.labels, ...identityLabels(pod.metadata.name, ordinal) };
  const volumes = storageMatches(set, pod) ? pod.spec.volumes : withClaims(set, ordinal, pod.spec.volumes);
  return {
    ...pod,
    metadata: { ...pod.metadata, labels },
    spec: { ...pod.spec, ...(volumes ? { volumes } : {}) },
  };
}
