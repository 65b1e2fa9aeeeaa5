import { type Clock, errorMessage, type Logger } from "../../../base/index.ts";
import type { CriRuntimeService, PodSandboxConfig, PodSandboxStatus } from "../../../cri/types.ts";
import type { Container, Pod, Service } from "../../api/index.ts";
import { isPodPhaseTerminal } from "../../api/index.ts";
import type { ContainerKiller } from "../containers/container-killer.ts";
import { pruneContainers } from "../containers/container-pruner.ts";
import type { ContainerStarter, StartContext } from "../containers/container-starter.ts";
import type { FieldContext } from "../env/field-value.ts";
import { podLogName } from "../naming.ts";
import type { ProbeManager } from "../probes/probe-manager.ts";
import type { PodResizer } from "../resize/pod-resizer.ts";
import { type DnsOptions, podDnsConfig } from "../sandbox/dns-config.ts";
import { hostsFile } from "../sandbox/hosts-file.ts";
import { podHostname } from "../sandbox/pod-hostname.ts";
import { sandboxConfig } from "../sandbox/sandbox-config.ts";
import type { StatusPublisher } from "../status/status-publisher.ts";
import type { TokenManager } from "../volumes/token-manager.ts";
import { VolumeError } from "../volumes/volume-error.ts";
import type { VolumeManager } from "../volumes/volume-manager.ts";
import { BackOff } from "./back-off.ts";
import type { KillReason } from "./container-kills.ts";
import { computePodActions, type PodActions } from "./pod-actions.ts";
import type { PodEvents } from "./pod-events.ts";
import type { PodGuard } from "./pod-guard.ts";
import type { PodMemory } from "./pod-memory.ts";
import { type PodRuntimeState, readRuntimeState, readySandbox } from "./runtime-state.ts";
import { StartFailure } from "./start-failure.ts";

export interface PodSyncerOptions {
  runtime: CriRuntimeService;
  starter: ContainerStarter;
  killer: ContainerKiller;
  resizer: PodResizer;
  probes: ProbeManager;
  publisher: StatusPublisher;
  volumes: VolumeManager;
  tokens: TokenManager;
  events: PodEvents;
  dns: DnsOptions;
  podLogsDir: string;
  guard: PodGuard;
  services: (pod: Pod) => Iterable<Service>;
  fields: (podIp: string) => FieldContext;
  logger: Logger;
  clock: Clock;
}

export interface SyncOutcome {
  /** The pod has ended for good: take it down. */
  isTerminal: boolean;
  /** Look again after this time even if nothing happens. */
  wakeAfterMs: number | undefined;
}

/** A start that failed for a reason that nothing announces the end of is tried again after this. */
const RETRY_START_MS = 10_000;
/** Nothing tells of what others of the pods on the node leave of theirs. */
const RETRY_RESIZE_MS = 10_000;
/** A start that takes longer than this is told of while it goes on. */
const TELL_PROGRESS_AFTER_MS = 100;

/** Brings one pod's sandbox and containers to what its spec says, once. Never runs twice at a time for a pod. */
export class PodSyncer {
  readonly #options: PodSyncerOptions;
  readonly #mountBackOff: BackOff;

  constructor(options: PodSyncerOptions) {
    this.#options = options;
    this.#mountBackOff = new BackOff(options.clock, 500, 122_000);
  }

  async sync(wanted: Pod, memory: PodMemory, signal: AbortSignal): Promise<SyncOutcome> {
    const { runtime, probes, publisher, resizer } = this.#options;
    const state = await readRuntimeState(runtime, wanted.metadata.uid);
    const pod = await resizer.allocate(wanted, memory, state);
    resizer.note(pod, memory, state);
    probes.reconcile(pod, state);
    this.#guardAsItRuns(pod, state, signal);
    this.#checkDeadline(pod, memory);
    const before = publisher.publish(pod, memory, state);
    if (isPodPhaseTerminal(before.phase)) return { isTerminal: true, wakeAfterMs: undefined };
    const volumes = await this.#setUpVolumes(pod, memory, state);
    if (typeof volumes === "number") return { isTerminal: false, wakeAfterMs: volumes };
    const retryMs = await this.#act(pod, memory, state, volumes, signal);
    if (signal.aborted) return { isTerminal: false, wakeAfterMs: undefined };
    const reached = await readRuntimeState(runtime, pod.metadata.uid);
    probes.reconcile(pod, reached);
    resizer.note(pod, memory, reached);
    const after = publisher.publish(pod, memory, reached);
    await pruneContainers(reached, runtime);
    return {
      isTerminal: isPodPhaseTerminal(after.phase),
      wakeAfterMs: this.#wakeAfter(pod, memory, retryMs),
    };
  }

  forgetPod(podUid: string): void {
    this.#mountBackOff.forget(podUid);
  }

  #checkDeadline(pod: Pod, memory: PodMemory): void {
    if (this.#deadlineInMs(pod) !== 0 || memory.failure) return;
    const message = "Pod was active on the node longer than the specified deadline";
    memory.failure = { reason: "DeadlineExceeded", message };
    this.#options.events.normal(pod, "DeadlineExceeded", message);
  }

  #deadlineInMs(pod: Pod): number | undefined {
    const { activeDeadlineSeconds } = pod.spec;
    if (activeDeadlineSeconds === undefined || pod.status?.startTime === undefined) return undefined;
    const ageMs = this.#options.clock.nowMs() - Date.parse(pod.status.startTime);
    return Math.max(0, Number(activeDeadlineSeconds) * 1000 - ageMs);
  }

  #wakeAfter(pod: Pod, { resize }: PodMemory, retryMs: number | undefined): number | undefined {
    const isResizing = resize.pending?.reason === "Deferred" || resize.isInProgress;
    const times = [
      retryMs,
      isResizing ? RETRY_RESIZE_MS : undefined,
      this.#deadlineInMs(pod),
      this.#options.tokens.renewalInMs(pod.metadata.uid),
    ];
    const due = times.filter((time) => time !== undefined);
    return due.length > 0 ? Math.min(...due) : undefined;
  }

  /** Where each volume lies; or after how long to try again. */
  async #setUpVolumes(
    pod: Pod,
    memory: PodMemory,
    state: PodRuntimeState,
  ): Promise<Map<string, string> | number> {
    const { volumes, tokens, events, fields } = this.#options;
    try {
      const context = fields(state.sandboxes[0]?.ip ?? "");
      const paths = await volumes.setUp(pod, { pod, objects: memory.objects, tokens, fields: context });
      this.#mountBackOff.forget(pod.metadata.uid);
      return paths;
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      this.#mountBackOff.next(pod.metadata.uid);
      events.warning(pod, "FailedMount", error.message);
      return this.#mountBackOff.remainingSinceUpdateMs(pod.metadata.uid);
    }
  }

  /** Does what there is to do. Returns after how long to try again what failed. */
  async #act(
    pod: Pod,
    memory: PodMemory,
    state: PodRuntimeState,
    volumes: Map<string, string>,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { probes, events, clock, resizer } = this.#options;
    const actions = computePodActions(pod, state, probes, resizer.viewOf(memory));
    await this.#kill(pod, state, actions, signal);
    await resizer.actuate(pod, memory, state, actions);
    const toStart = [
      ...actions.ephemeralContainersToStart,
      ...actions.initContainersToStart,
      ...actions.containersToStart,
    ];
    if (signal.aborted || (!actions.createSandbox && toStart.length === 0)) return undefined;
    const { hostname, shortName, domain } = podHostname(pod, this.#options.dns.clusterDomain);
    const config = sandboxConfig({
      pod,
      attempt: actions.sandbox?.metadata.attempt ?? actions.attempt,
      hostname,
      dnsConfig: await podDnsConfig(pod, this.#options.dns),
      podLogsDir: this.#options.podLogsDir,
    });
    if (actions.createSandbox && actions.attempt > 0) {
      events.normal(pod, "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
    }
    const sandbox = actions.sandbox ?? (await this.#createSandbox(pod, config));
    await this.#guard(pod, sandbox, signal);
    let telling: Promise<void> | undefined;
    const cancel = clock.after(TELL_PROGRESS_AFTER_MS, () => {
      telling = this.#tellProgress(pod, memory);
    });
    try {
      const context = this.#startContext(pod, memory, state, { sandbox, config, volumes, signal });
      context.hosts = hostsFile(pod, sandbox.ip, shortName, domain);
      return await this.#startAll(context, memory, toStart);
    } finally {
      cancel();
      // What it saw is older than what is told next.
      await telling;
    }
  }

  async #kill(pod: Pod, state: PodRuntimeState, actions: PodActions, signal: AbortSignal): Promise<void> {
    const { killer, runtime, guard } = this.#options;
    if (actions.killPod) {
      await killer.killAll(pod, state, { graceSeconds: graceSeconds(pod), signal });
      for (const sandbox of state.sandboxes) await runtime.stopPodSandbox(sandbox.id);
      guard.release(pod.metadata.uid);
      return;
    }
    const podIp = readySandbox(state)?.ip ?? "";
    await Promise.all(
      actions.containersToKill.map(({ id, container, message, reason }) => {
        const status = state.containers.find((one) => one.id === id);
        if (!status) return undefined;
        return killer.kill(pod, container, status, {
          graceSeconds: killGrace(pod, container, reason),
          message,
          podIp,
          signal,
        });
      }),
    );
  }

  async #createSandbox(pod: Pod, config: PodSandboxConfig): Promise<PodSandboxStatus> {
    const { runtime, events } = this.#options;
    try {
      const id = await runtime.runPodSandbox(config);
      return (await runtime.podSandboxStatus(id))!;
    } catch (error) {
      const message = `Failed to create pod sandbox: ${errorMessage(error)}`;
      events.warning(pod, "FailedCreatePodSandBox", message);
      throw new StartFailure("FailedCreatePodSandBox", message, undefined, error);
    }
  }

  /** Nothing of a pod runs before its network policies hold. */
  async #guard(pod: Pod, sandbox: PodSandboxStatus, signal: AbortSignal): Promise<void> {
    if (pod.spec.hostNetwork) return;
    const { guard, events } = this.#options;
    try {
      await guard.guard(pod, addressesOf(sandbox), signal);
    } catch (error) {
      signal.throwIfAborted();
      const message = `Failed to create pod sandbox: ${errorMessage(error)}`;
      events.warning(pod, "FailedCreatePodSandBox", message);
      throw new StartFailure("FailedCreatePodSandBox", message, undefined, error);
    }
  }

  /** One that this program has not started itself is made known too; it goes on meanwhile. */
  #guardAsItRuns(pod: Pod, state: PodRuntimeState, signal: AbortSignal): void {
    const sandbox = readySandbox(state);
    if (!sandbox || pod.spec.hostNetwork) return;
    const { guard, logger } = this.#options;
    guard.guard(pod, addressesOf(sandbox), signal).catch((error) => {
      logger.debug("a running pod is not guarded yet", { pod: podLogName(pod), error: errorMessage(error) });
    });
  }

  #startContext(
    pod: Pod,
    memory: PodMemory,
    state: PodRuntimeState,
    made: {
      sandbox: PodSandboxStatus;
      config: PodSandboxConfig;
      volumes: Map<string, string>;
      signal: AbortSignal;
    },
  ): StartContext {
    const { publisher, fields, services, volumes } = this.#options;
    return {
      pod,
      podDir: volumes.podDir(pod.metadata.uid),
      sandbox: made.sandbox,
      sandboxConfig: made.config,
      state,
      restartsBefore: (name) => publisher.restartsBefore(pod, name),
      volumes: made.volumes,
      objects: memory.objects,
      services: () => services(pod),
      fields: fields(made.sandbox.ip),
      hosts: "",
      signal: made.signal,
    };
  }

  /** One after another, in the order of the pod: a postStart hook may hold up what follows. */
  async #startAll(
    context: StartContext,
    memory: PodMemory,
    containers: Container[],
  ): Promise<number | undefined> {
    let retryMs: number | undefined;
    for (const container of containers) {
      if (context.signal.aborted) return undefined;
      try {
        await this.#options.starter.start(context, container);
        memory.waitingReasons.delete(container.name);
      } catch (error) {
        if (context.signal.aborted) return undefined;
        if (!(error instanceof StartFailure)) throw error;
        memory.waitingReasons.set(container.name, { reason: error.reason, message: error.message });
        retryMs = Math.min(retryMs ?? Number.POSITIVE_INFINITY, error.retryAfterMs ?? RETRY_START_MS);
      }
    }
    return retryMs;
  }

  async #tellProgress(pod: Pod, memory: PodMemory): Promise<void> {
    const { runtime, publisher, logger } = this.#options;
    try {
      publisher.publish(pod, memory, await readRuntimeState(runtime, pod.metadata.uid));
    } catch (error) {
      logger.debug("a pod's progress was not told", { pod: podLogName(pod), error: errorMessage(error) });
    }
  }
}

function addressesOf({ ip }: PodSandboxStatus): string[] {
  return ip === "" ? [] : [ip];
}

export function graceSeconds(pod: Pod): number {
  return Number(pod.spec.terminationGracePeriodSeconds ?? 30);
}

/** A probe may say how long a container that it condemns has left. */
function killGrace(pod: Pod, container: Container, reason: KillReason): number {
  const probe =
    reason === "livenessProbe"
      ? container.livenessProbe
      : reason === "startupProbe"
        ? container.startupProbe
        : undefined;
  return Number(probe?.terminationGracePeriodSeconds ?? graceSeconds(pod));
}
