import type { ContainerStatus, Pod, PodCondition } from "../../api/index.ts";
import { isSidecar } from "../naming.ts";

/** Of the kubelet, and there only as long as they hold. */
const PASSING = ["PodResizePending", "PodResizeInProgress"] as const;

const OWNED = new Set<string>([
  "PodReadyToStartContainers",
  "Initialized",
  "ContainersReady",
  "Ready",
  "PodScheduled",
  ...PASSING,
]);

/** Conditions that the kubelet alone writes; others' stay as they are. */
export function isKubeletCondition(type: string): boolean {
  return OWNED.has(type);
}

const DISRUPTION = { type: "DisruptionTarget", reason: "TerminationByKubelet" };

/** One that others write as well, in the kubelet's words. */
export function isKubeletDisruption({ type, reason }: PodCondition): boolean {
  return type === DISRUPTION.type && reason === DISRUPTION.reason;
}

/** Whether it is taken away, rather than told to be false. */
export function isPassingCondition(type: string): boolean {
  return PASSING.some((one) => one === type);
}

type Finding = Pick<PodCondition, "type" | "status" | "reason" | "message">;

/** That a pod is to have other resources than it has. */
export type PodResizeCondition = Finding & { type: (typeof PASSING)[number] };

export interface ConditionsInput {
  pod: Pod;
  phase: string;
  /** Why the node has ended the pod, where it has. */
  disruption?: string | undefined;
  initStatuses: readonly ContainerStatus[];
  statuses: readonly ContainerStatus[];
  /** A sandbox with its network stands. */
  hasSandbox: boolean;
  resizes: readonly PodResizeCondition[];
  /** Conditions as last published. */
  previous: readonly PodCondition[];
  now: string;
}

/** All conditions of the pod: the kubelet's from what it sees, the others' unchanged. */
export function podConditions(input: ConditionsInput): PodCondition[] {
  const containersReady = containersReadyCondition(input);
  const findings: Finding[] = [
    { type: "PodReadyToStartContainers", status: input.hasSandbox ? "True" : "False" },
    initializedCondition(input),
    readyCondition(input, containersReady),
    containersReady,
    { type: "PodScheduled", status: "True" },
    ...input.resizes,
  ];
  const previous = new Map(input.previous.map((condition) => [condition.type, condition]));
  const owned = findings.map((finding) => withTimes(finding, previous.get(finding.type), input.now));
  const others = input.previous.filter(({ type }) => !OWNED.has(type));
  if (input.disruption === undefined) return [...owned, ...others];
  const finding: Finding = { ...DISRUPTION, status: "True", message: input.disruption };
  const target = withTimes(finding, previous.get(DISRUPTION.type), input.now);
  return [...owned, ...others.filter(({ type }) => type !== DISRUPTION.type), target];
}

function withTimes(finding: Finding, previous: PodCondition | undefined, now: string): PodCondition {
  const unchanged =
    previous?.status === finding.status &&
    previous.lastTransitionTime !== undefined &&
    (!isPassingCondition(finding.type) || previous.reason === finding.reason);
  const condition: PodCondition = {
    type: finding.type,
    status: finding.status,
    lastTransitionTime: unchanged ? previous.lastTransitionTime : now,
  };
  if (finding.reason !== undefined) condition.reason = finding.reason;
  if (finding.message !== undefined) condition.message = finding.message;
  return condition;
}

function initializedCondition({ pod, phase, initStatuses, statuses }: ConditionsInput): Finding {
  const type = "Initialized";
  const initContainers = pod.spec.initContainers ?? [];
  const unknown: string[] = [];
  const incomplete: string[] = [];
  let hasSidecar = false;
  for (const container of initContainers) {
    const status = initStatuses.find(({ name }) => name === container.name);
    if (!status) unknown.push(container.name);
    else if (isSidecar(container)) {
      hasSidecar = true;
      if (!status.started) incomplete.push(container.name);
    } else if (!status.ready) incomplete.push(container.name);
  }
  if (phase === "Succeeded" && unknown.length === 0) return { type, status: "True", reason: "PodCompleted" };
  // A sidecar that restarts later does not make the pod uninitialized again.
  const hasRun = statuses.some(
    ({ state, lastState }) => state?.running ?? state?.terminated ?? lastState?.terminated,
  );
  if (hasSidecar && hasRun) return { type, status: "True" };
  const message = describe({ unknown, incomplete });
  if (message !== "") return { type, status: "False", reason: "ContainersNotInitialized", message };
  return { type, status: "True" };
}

function containersReadyCondition({ pod, phase, initStatuses, statuses }: ConditionsInput): Finding {
  const type = "ContainersReady";
  const unknown: string[] = [];
  const unready: string[] = [];
  const all = [...initStatuses, ...statuses];
  const counted = [...(pod.spec.initContainers ?? []).filter(isSidecar), ...pod.spec.containers];
  for (const container of counted) {
    const status = all.find(({ name }) => name === container.name);
    if (!status) unknown.push(container.name);
    else if (!status.ready) unready.push(container.name);
  }
  if (phase === "Succeeded" && unknown.length === 0) return { type, status: "False", reason: "PodCompleted" };
  if (phase === "Failed" && unknown.length === 0) return { type, status: "False", reason: "PodFailed" };
  const message = describe({ unknown, unready });
  if (message !== "") return { type, status: "False", reason: "ContainersNotReady", message };
  return { type, status: "True" };
}

function readyCondition({ pod, previous }: ConditionsInput, containersReady: Finding): Finding {
  const type = "Ready";
  if (containersReady.status !== "True") return { ...containersReady, type };
  const missing: string[] = [];
  for (const { conditionType } of pod.spec.readinessGates ?? []) {
    const gate = previous.find((condition) => condition.type === conditionType);
    if (!gate)
      missing.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`);
    else if (gate.status !== "True") {
      missing.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`);
    }
  }
  if (missing.length > 0) {
    return { type, status: "False", reason: "ReadinessGatesNotReady", message: missing.join(", ") };
  }
  return { type, status: "True" };
}

const WORDS: Record<string, string> = {
  unknown: "unknown status",
  incomplete: "incomplete status",
  unready: "unready status",
};

/** `containers with unready status: [web db]`. */
function describe(groups: Record<string, string[]>): string {
  return Object.entries(groups)
    .filter(([, names]) => names.length > 0)
    .map(([group, names]) => `containers with ${WORDS[group]}: [${names.join(" ")}]`)
    .join(", ");
}
