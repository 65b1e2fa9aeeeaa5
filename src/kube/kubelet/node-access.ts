import type { Duplex } from "node:stream";
import type { Clock } from "../../base/index.ts";
import type { CriContainerStatus, CriRuntimeService, ExecStreams } from "../../cri/types.ts";
import type { Pod } from "../api/index.ts";
import { pods, statusBadRequest, statusNotFound } from "../api/index.ts";
import type {
  NodeAccess,
  NodeStreams,
  PodLogOptions,
  PodTarget,
  StreamOptions,
} from "../client/node-access.ts";
import { chooseAttempt } from "./logs/choose-attempt.ts";
import { readLog } from "./logs/read-log.ts";
import { allContainers } from "./naming.ts";
import type { PodWorkers } from "./pods/pod-workers.ts";
import { attemptsOf, readRuntimeState, readySandbox } from "./pods/runtime-state.ts";
import { type KubeletDocumentsOptions, kubeletDocument } from "./server/kubelet-documents.ts";
import { nodeUsage } from "./stats/node-usage.ts";

export interface NodeAccessOptions {
  runtime: CriRuntimeService;
  workers: PodWorkers;
  documents: KubeletDocumentsOptions;
  /** Uid under which a pod runs that is known to the API under another: a static one. */
  uidOf: (namespace: string, name: string) => string | undefined;
  clock: Clock;
}

/** What the API server asks of the node on behalf of `kubectl logs`, `exec`, `attach`, `port-forward` and `top`. */
export function createNodeAccess({
  runtime,
  workers,
  documents,
  uidOf,
  clock,
}: NodeAccessOptions): NodeAccess {
  const here = (target: PodTarget): PodTarget => ({
    ...target,
    podUid: uidOf(target.namespace, target.podName) ?? target.podUid,
  });
  const podOf = (target: Pick<PodTarget, "podUid" | "podName">): Pod => {
    const worker = workers.byUid(target.podUid);
    if (!worker) throw statusNotFound({ group: "", resource: pods.resource }, target.podName);
    return worker.pod;
  };
  const runningContainer = async (target: PodTarget): Promise<CriContainerStatus> => {
    podOf(target);
    const state = await readRuntimeState(runtime, target.podUid);
    const found = attemptsOf(state, target.container).find((attempt) => attempt.state === "RUNNING");
    if (!found) throw statusBadRequest(`container not found ("${target.container}")`);
    return found;
  };
  return {
    async logs(asked, options, signal) {
      const target = here(asked);
      const pod = podOf(target);
      const attempt = await attemptOf(runtime, pod, target, options);
      return readLog({
        ...options,
        path: attempt.logPath,
        signal,
        clock,
        isRunning: async () => (await runtime.containerStatus(attempt.id))?.state === "RUNNING",
        onEnded: (listener) =>
          runtime.onEvent((event) => {
            if (event.containerId === attempt.id && event.type !== "STARTED") listener();
          }),
      });
    },
    async exec(target, command, options, streams, signal) {
      const { id } = await runningContainer(here(target));
      return runtime.exec(id, command, { tty: options.tty, signal }, chosenStreams(options, streams));
    },
    async attach(target, options, streams, signal) {
      const { id } = await runningContainer(here(target));
      await runtime.attach(id, { tty: options.tty, signal }, chosenStreams(options, streams));
    },
    async portForward(asked, port): Promise<Duplex> {
      const target = { ...asked, podUid: uidOf(asked.namespace, asked.podName) ?? asked.podUid };
      podOf(target);
      const sandbox = readySandbox(await readRuntimeState(runtime, target.podUid));
      if (!sandbox)
        throw statusBadRequest(`unable to do port forwarding: pod "${target.podName}" has no sandbox`);
      return runtime.portForward(sandbox.id, port);
    },
    async usage(nodeName) {
      return nodeName === documents.nodeName ? nodeUsage(await documents.sampler.read()) : undefined;
    },
    async read(nodeName, path, query) {
      return nodeName === documents.nodeName ? kubeletDocument(path, query, documents) : undefined;
    },
  };
}

async function attemptOf(
  runtime: CriRuntimeService,
  pod: Pod,
  target: PodTarget,
  options: PodLogOptions,
): Promise<CriContainerStatus> {
  const { container, podName } = target;
  if (!allContainers(pod).some(({ name }) => name === container)) {
    throw statusBadRequest(`container "${container}" in pod "${podName}" is not available`);
  }
  const attempts = attemptsOf(await readRuntimeState(runtime, target.podUid), container);
  return chooseAttempt(attempts, {
    container,
    podName,
    previous: options.previous === true,
    waitingReason: waitingReasonOf(pod, container),
  });
}

function waitingReasonOf(pod: Pod, container: string): string | undefined {
  const {
    containerStatuses = [],
    initContainerStatuses = [],
    ephemeralContainerStatuses = [],
  } = pod.status ?? {};
  const all = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses];
  return all.find(({ name }) => name === container)?.state?.waiting?.reason;
}

/** Only what was asked for is connected. With a terminal all output is one stream. */
function chosenStreams(options: StreamOptions, streams: NodeStreams): ExecStreams {
  return {
    ...(options.stdin && streams.stdin ? { stdin: streams.stdin } : {}),
    ...(options.stdout && streams.stdout ? { stdout: streams.stdout } : {}),
    ...(options.stderr && !options.tty && streams.stderr ? { stderr: streams.stderr } : {}),
    ...(streams.onResize ? { onResize: streams.onResize } : {}),
  };
}
