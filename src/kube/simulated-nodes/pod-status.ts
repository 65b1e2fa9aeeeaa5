import {
  type Container,
  type ContainerState,
  type ContainerStatus,
  type Pod,
  type PodCondition,
  type PodStatus,
  podCondition,
} from "../api/index.ts";

export interface PodPlace {
  podIp: string;
  hostIp: string;
}

const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === "Always";

/** Whether the pod says of its readiness what is true. */
export function isReadinessTold(pod: Pod): boolean {
  const isReady = podCondition(pod, "Ready")?.status === "True";
  return isReady === gatesAreOpen(pod);
}

/** All containers of the pod run, since now where they have not yet. */
export function runningStatus(pod: Pod, { podIp, hostIp }: PodPlace, now: string): PodStatus {
  const { initContainers = [], containers } = pod.spec;
  const startedAt = pod.status?.startTime ?? now;
  const running: ContainerState = { running: { startedAt } };
  const done: ContainerState = {
    terminated: { exitCode: 0, reason: "Completed", startedAt, finishedAt: startedAt },
  };
  return {
    ...pod.status,
    phase: "Running",
    startTime: startedAt,
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    podIP: podIp,
    podIPs: [{ ip: podIp }],
    conditions: withConditions(pod, now, gatesAreOpen(pod)),
    ...(initContainers.length > 0
      ? {
          initContainerStatuses: initContainers.map((one) =>
            containerStatus(pod, one, isSidecar(one) ? running : done, true),
          ),
        }
      : {}),
    containerStatuses: containers.map((one) => containerStatus(pod, one, running, true)),
  };
}

/** All containers of the pod have ended with this code. */
export function endedStatus(pod: Pod, exitCode: number, now: string): PodStatus {
  const reason = exitCode === 0 ? "Completed" : "Error";
  const startedAt = pod.status?.startTime ?? now;
  const terminated = { exitCode, reason, startedAt, finishedAt: now };
  const ended = (one: Container): ContainerStatus => containerStatus(pod, one, { terminated }, false);
  const why = exitCode === 0 ? "PodCompleted" : "PodFailed";
  return {
    ...pod.status,
    phase: exitCode === 0 ? "Succeeded" : "Failed",
    conditions: withConditions(pod, now, false, why),
    containerStatuses: pod.spec.containers.map(ended),
  };
}

function containerStatus(
  { metadata }: Pod,
  { name, image = "" }: Container,
  state: ContainerState,
  isReady: boolean,
): ContainerStatus {
  return {
    name,
    image,
    imageID: "",
    containerID: `simulated://${metadata.uid}/${name}`,
    ready: isReady,
    started: state.running !== undefined,
    restartCount: 0,
    state,
    lastState: {},
  };
}

/** Whether all has come true that others must say before the pod is ready. */
function gatesAreOpen({ spec, status }: Pod): boolean {
  const { conditions = [] } = status ?? {};
  return (spec.readinessGates ?? []).every(({ conditionType }) =>
    conditions.some((one) => one.type === conditionType && one.status === "True"),
  );
}

function withConditions({ status }: Pod, now: string, isReady: boolean, reason?: string): PodCondition[] {
  const { conditions: before = [] } = status ?? {};
  const ready = isReady ? "True" : "False";
  const why = isReady || reason === undefined ? {} : { reason };
  const says = (type: string, value: string, more = {}): PodCondition => ({
    type,
    status: value,
    lastTransitionTime: now,
    ...more,
  });
  const isOver = reason !== undefined;
  const own = [
    says("PodReadyToStartContainers", isOver ? "False" : "True"),
    says("Initialized", "True"),
    says("Ready", ready, why),
    says("ContainersReady", isOver ? "False" : "True", why),
  ];
  const names = new Set(own.map(({ type }) => type));
  return [...own, ...before.filter(({ type }) => !names.has(type))];
}
