import { cloneJson } from "../../../formats/index.ts";
import type { Pod } from "../generated/types.ts";
import { keepStatus } from "../strategy.ts";
import { proxySubresource, subresource } from "../subresource.ts";
import type { KindDefinition, WriteContext } from "../types.ts";
import { podColumns } from "./pod/columns.ts";
import { setPodDefaults } from "./pod/defaults.ts";
import { dropDisabledPodFields } from "./pod/disabled-fields.ts";
import { ephemeralContainers } from "./pod/ephemeral-containers.ts";
import { applyAppArmor, applyLabelKeys } from "./pod/prepare.ts";
import { qosClassOf } from "./pod/quality-of-service.ts";
import { resize } from "./pod/resize.ts";
import { isPodTerminal } from "./pod/terminal.ts";
import { validatePod } from "./pod/validate.ts";
import { validatePodStatusUpdate } from "./pod/validate-status.ts";
import { validatePodUpdate } from "./pod/validate-update.ts";
import { warningsOfPod, warningsOfPodStatus } from "./pod/warnings.ts";

export const pods: KindDefinition<Pod> = {
  group: "",
  version: "v1",
  kind: "Pod",
  resource: "pods",
  singular: "pod",
  shortNames: ["po"],
  categories: ["all"],
  namespaced: true,
  model: "io.k8s.api.core.v1.Pod",
  subresources: [
    subresource("attach", "PodAttachOptions", "create get"),
    subresource("binding", "Binding", "create"),
    subresource("ephemeralcontainers", "Pod", "get patch update", { update: ephemeralContainers }),
    subresource("eviction", "Eviction", "create", { group: "policy" }),
    subresource("exec", "PodExecOptions", "create get"),
    subresource("log", "Pod", "get"),
    subresource("portforward", "PodPortForwardOptions", "create get"),
    proxySubresource("PodProxyOptions"),
    subresource("resize", "Pod", "get patch update", { update: resize }),
  ],
  hasStatus: true,
  tracksGeneration: true,
  allowUnconditionalUpdate: true,
  defaults: setPodDefaults,
  validate: validatePod,
  validateUpdate: validatePodUpdate,
  validateStatusUpdate: validatePodStatusUpdate,
  statusWarnings: warningsOfPodStatus,
  // People seldom change pods themselves, and controllers do so often.
  warnings: (pod, previous) => (previous ? [] : warningsOfPod(pod)),
  prepareForCreate,
  prepareForUpdate,
  prepareForStatusUpdate,
  selectableFields,
  gracePeriodSeconds,
  returnsDeletedObject: true,
  columns: podColumns,
};

function prepareForCreate(pod: Pod, { warnings = [] }: Partial<WriteContext> = {}): void {
  // Upstream takes a class that somebody has written at its word.
  pod.status = { phase: "Pending", qosClass: pod.status?.qosClass || qosClassOf(pod.spec) };
  dropDisabledPodFields(pod);
  applyLabelKeys(pod);
  applyAppArmor(pod, warnings);
  if (!pod.spec.schedulingGates?.length) return;
  pod.status.conditions = [
    {
      type: "PodScheduled",
      status: "False",
      reason: "SchedulingGated",
      message: "Scheduling is blocked due to non-empty scheduling gates",
    },
  ];
}

function prepareForUpdate(next: Pod, previous: Pod): void {
  keepStatus(next, previous);
  dropDisabledPodFields(next, previous);
}

/** The kubelet's writes do not reach the spec, the owners or the deletion. */
function prepareForStatusUpdate(next: Pod, previous: Pod): void {
  next.spec = cloneJson(previous.spec);
  const { ownerReferences, deletionTimestamp } = previous.metadata;
  if (ownerReferences === undefined) delete next.metadata.ownerReferences;
  else next.metadata.ownerReferences = cloneJson(ownerReferences);
  if (deletionTimestamp === undefined) delete next.metadata.deletionTimestamp;
  else next.metadata.deletionTimestamp = deletionTimestamp;
  if (next.status === undefined) return;
  const qosClass = previous.status?.qosClass;
  if (qosClass) next.status.qosClass ||= qosClass;
  dropDisabledPodFields(next, previous);
  // A time without a value that upstream's encoder does not leave out; clients see it as null.
  for (const condition of next.status.conditions ?? [])
    Object.assign(condition, { lastProbeTime: null, ...condition });
}

function selectableFields({ spec, status }: Pod): Record<string, string> {
  return {
    "spec.nodeName": spec.nodeName ?? "",
    "spec.restartPolicy": spec.restartPolicy ?? "",
    "spec.schedulerName": spec.schedulerName ?? "",
    "spec.serviceAccountName": spec.serviceAccountName ?? "",
    "spec.hostNetwork": String(spec.hostNetwork ?? false),
    "status.phase": status?.phase ?? "",
    "status.podIP": status?.podIPs?.[0]?.ip ?? status?.podIP ?? "",
    // Accepted upstream, but no pod has it: only the demand for none is met.
    "status.podIPs": "",
    // The name of long ago.
    "spec.host": spec.nodeName ?? "",
    "status.nominatedNodeName": status?.nominatedNodeName ?? "",
  };
}

/** Pods that nobody runs yet, or that have ended, need no grace. */
function gracePeriodSeconds(pod: Pod, requested: number | undefined): number {
  if (!pod.spec.nodeName || isPodTerminal(pod)) return 0;
  const seconds = Number(requested ?? pod.spec.terminationGracePeriodSeconds ?? 0);
  return seconds < 0 ? 1 : seconds;
}
