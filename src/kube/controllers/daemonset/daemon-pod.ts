import type { Affinity, DaemonSet, Pod, PodSpec, PodTemplateSpec, Toleration } from "../../api/index.ts";
import { templateGeneration } from "../../api/index.ts";

/** By which a pod says the revision that it was made of. */
export const REVISION_HASH = "controller-revision-hash";
const GENERATION = "pod-template-generation";

const borne = (name: string, effect: string): Toleration => ({
  key: `node.kubernetes.io/${name}`,
  operator: "Exists",
  effect,
});

/** What a node may suffer from without losing its daemons. */
const TOLERATIONS = [
  borne("not-ready", "NoExecute"),
  borne("unreachable", "NoExecute"),
  borne("disk-pressure", "NoSchedule"),
  borne("memory-pressure", "NoSchedule"),
  borne("pid-pressure", "NoSchedule"),
  borne("unschedulable", "NoSchedule"),
];

/** The template's tolerations and those of all daemons (AddOrUpdateDaemonPodTolerations). */
export function daemonTolerations({ tolerations = [], hostNetwork }: Partial<PodSpec>): Toleration[] {
  const wanted = hostNetwork ? [...TOLERATIONS, borne("network-unavailable", "NoSchedule")] : TOLERATIONS;
  const isWanted = (one: Toleration) => wanted.find((other) => isOfSameTaint(one, other));
  return [
    ...tolerations.map((one) => isWanted(one) ?? one),
    ...wanted.filter((one) => !tolerations.some((other) => isOfSameTaint(one, other))),
  ];
}

function isOfSameTaint(one: Toleration, other: Toleration): boolean {
  return (["key", "effect", "operator", "value"] as const).every(
    (field) => (one[field] ?? "") === (other[field] ?? ""),
  );
}

/** The template of the pod for one node: the scheduler binds it to no other. */
export function daemonTemplate(set: DaemonSet, hash: string, nodeName: string): PodTemplateSpec {
  const { metadata, spec } = set.spec.template;
  const labels = {
    ...metadata?.labels,
    [GENERATION]: String(templateGeneration(set)),
    [REVISION_HASH]: hash,
  };
  const affinity = toNode(spec?.affinity, nodeName);
  return {
    metadata: { ...metadata, labels },
    spec: { ...spec!, affinity, tolerations: daemonTolerations(spec!) },
  };
}

/** In place of the required node affinity, which the node was found to meet. */
function toNode(affinity: Affinity = {}, nodeName: string): Affinity {
  const matchFields = [{ key: "metadata.name", operator: "In", values: [nodeName] }];
  const required = { nodeSelectorTerms: [{ matchFields }] };
  const nodeAffinity = { ...affinity.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: required };
  return { ...affinity, nodeAffinity };
}

/** The node that the pod runs on, or was made for; undefined when it says none. */
export function targetNodeOf({ spec }: Pod): string | undefined {
  if (spec.nodeName) return spec.nodeName;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const fields = (required?.nodeSelectorTerms ?? []).flatMap(({ matchFields = [] }) => matchFields);
  const field = fields.find(({ key, operator }) => key === "metadata.name" && operator === "In");
  return field?.values?.length === 1 ? field.values[0] : undefined;
}

/** Whether the pod is of the set's present template. */
export function isUpdated(set: DaemonSet, { metadata }: Pod, hash: string): boolean {
  const { [REVISION_HASH]: revision, [GENERATION]: generation } = metadata.labels ?? {};
  return revision === hash || generation === String(templateGeneration(set));
}
