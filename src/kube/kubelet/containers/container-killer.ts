import { type Clock, errorMessage, type Logger } from "../../../base/index.ts";
import type { CriContainerStatus, CriRuntimeService } from "../../../cri/types.ts";
import type { Container, Pod } from "../../api/index.ts";
import { Annotation, allContainers, isSidecar, podLogName } from "../naming.ts";
import type { PodEvents } from "../pods/pod-events.ts";
import { nameOf, type PodRuntimeState, readySandbox, runningContainers } from "../pods/runtime-state.ts";
import { runHook } from "./lifecycle-hooks.ts";

/** What even a container that is to go at once gets. */
const MINIMUM_GRACE_SECONDS = 1;
/** After a preStop hook has used the grace up, this much is left for SIGTERM. */
const AFTER_HOOK_SECONDS = 2;

export interface ContainerKillerOptions {
  runtime: CriRuntimeService;
  events: PodEvents;
  logger: Logger;
  clock: Clock;
}

export interface KillOptions {
  graceSeconds: number;
  /** Of the Killing event. */
  message?: string;
  podIp: string;
  /** Aborts waiting for hooks: somebody wants it to go faster. */
  signal: AbortSignal;
}

/** Ends containers: preStop hook, stop signal, grace, SIGKILL. */
export class ContainerKiller {
  readonly #options: ContainerKillerOptions;

  constructor(options: ContainerKillerOptions) {
    this.#options = options;
  }

  /** `container` is undefined for one that the pod does not name (any more). */
  async kill(
    pod: Pod,
    container: Container | undefined,
    status: CriContainerStatus,
    options: KillOptions,
  ): Promise<void> {
    const { runtime, events, clock } = this.#options;
    const name = nameOf(status);
    events.normal(pod, "Killing", options.message ?? `Stopping container ${name}`, container);
    const beganMs = clock.monotonicMs();
    if (container?.lifecycle?.preStop && options.graceSeconds > 0) {
      await this.#preStop(pod, container, status.id, options);
    }
    const usedSeconds = Math.floor((clock.monotonicMs() - beganMs) / 1000);
    const left = options.graceSeconds - usedSeconds;
    const least = usedSeconds > 0 ? AFTER_HOOK_SECONDS : MINIMUM_GRACE_SECONDS;
    await runtime.stopContainer(status.id, Math.max(left, least));
  }

  /** All that runs, sidecars last and in reverse order, within one grace. */
  async killAll(pod: Pod, state: PodRuntimeState, options: Omit<KillOptions, "podIp">): Promise<void> {
    const { clock } = this.#options;
    const podIp = readySandbox(state)?.ip ?? "";
    const deadlineMs = clock.monotonicMs() + options.graceSeconds * 1000;
    const containers = new Map(allContainers(pod).map((container) => [container.name, container]));
    const sidecarNames = (pod.spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name);
    const running = runningContainers(state);
    const graceLeft = () => Math.max(0, Math.ceil((deadlineMs - clock.monotonicMs()) / 1000));
    const kill = (status: CriContainerStatus) =>
      this.kill(pod, containers.get(nameOf(status)), status, {
        ...options,
        graceSeconds: graceLeft(),
        podIp,
      });
    await Promise.all(running.filter((status) => !sidecarNames.includes(nameOf(status))).map(kill));
    for (const name of sidecarNames.reverse()) {
      await Promise.all(running.filter((status) => nameOf(status) === name).map(kill));
    }
  }

  async #preStop(
    pod: Pod,
    container: Container,
    containerId: string,
    { graceSeconds, podIp, signal }: KillOptions,
  ): Promise<void> {
    const { runtime, events, clock, logger } = this.#options;
    const limit = new AbortController();
    const cancel = clock.after(graceSeconds * 1000, () => limit.abort());
    const target = { container, containerId, podIp };
    try {
      await runHook(
        container.lifecycle!.preStop!,
        target,
        runtime,
        clock,
        AbortSignal.any([signal, limit.signal]),
      );
    } catch (error) {
      if (signal.aborted) return;
      logger.debug("a preStop hook failed", {
        pod: podLogName(pod),
        container: container.name,
        error: errorMessage(error),
      });
      if (!limit.signal.aborted) events.warning(pod, "FailedPreStopHook", "PreStopHook failed", container);
    } finally {
      cancel();
    }
  }
}

/** A pod's grace when it is not known to the API any more: what its container was made with. */
export function graceOf(status: CriContainerStatus): number {
  return Number(status.annotations[Annotation.podTerminationGracePeriod] ?? 30);
}
