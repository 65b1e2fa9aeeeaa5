import { type Clock, errorMessage, isGantryError, type Logger } from "../../../base/index.ts";
import type { CriImage, CriRuntimeService, PodSandboxConfig, PodSandboxStatus } from "../../../cri/types.ts";
import type { Container, EphemeralContainer, Pod, Service } from "../../api/index.ts";
import { configError, containerEnvironment } from "../env/environment.ts";
import type { FieldContext } from "../env/field-value.ts";
import type { ImagePuller } from "../images/image-puller.ts";
import { podLogName } from "../naming.ts";
import type { ObjectReader } from "../objects/referenced-objects.ts";
import type { BackOff } from "../pods/back-off.ts";
import type { PodEvents } from "../pods/pod-events.ts";
import { attemptsOf, isRunning, latestOf, type PodRuntimeState } from "../pods/runtime-state.ts";
import { StartFailure } from "../pods/start-failure.ts";
import { containerConfig } from "./container-config.ts";
import { containerMounts } from "./container-mounts.ts";
import { removeContainer } from "./container-pruner.ts";
import { runHook } from "./lifecycle-hooks.ts";
import { verifyNonRoot } from "./security-context.ts";

export interface ContainerStarterOptions {
  runtime: CriRuntimeService;
  puller: ImagePuller;
  restartBackOff: BackOff;
  events: PodEvents;
  nodeMemoryBytes: number;
  logger: Logger;
  clock: Clock;
}

/** Everything about the pod that its containers are made from. */
export interface StartContext {
  pod: Pod;
  podDir: string;
  sandbox: PodSandboxStatus;
  sandboxConfig: PodSandboxConfig;
  state: PodRuntimeState;
  /** Restarts that the API knows of, where the runtime's record is gone. */
  restartsBefore: (containerName: string) => number | undefined;
  volumes: ReadonlyMap<string, string>;
  objects: ObjectReader;
  services: () => Iterable<Service>;
  fields: FieldContext;
  hosts: string;
  signal: AbortSignal;
}

/** Starts one container: image, configuration, creation, start, postStart hook. Fails with StartFailure. */
export class ContainerStarter {
  readonly #options: ContainerStarterOptions;

  constructor(options: ContainerStarterOptions) {
    this.#options = options;
  }

  async start(context: StartContext, container: Container): Promise<void> {
    this.#checkBackOff(context, container);
    const image = await this.#pull(context, container);
    await this.#removeNeverStarted(context, container);
    const config = await this.#configure(context, container, image);
    const containerId = await this.#create(context, container, config);
    await this.#launch(context, container, containerId);
    await this.#postStart(context, container, containerId);
  }

  backOffKey(pod: Pod, container: Container): string {
    return `${pod.metadata.uid}_${container.name}`;
  }

  /** A container that has just ended may not be started again until its back-off is over. */
  #checkBackOff({ pod, state }: StartContext, container: Container): void {
    const { restartBackOff, events, clock } = this.#options;
    const ended = attemptsOf(state, container.name).find(({ state: is }) => is === "EXITED");
    if (!ended) return;
    const key = this.backOffKey(pod, container);
    const agoMs = Math.max(0, clock.nowMs() - Number(ended.finishedAtNs / 1_000_000n));
    const waitMs = restartBackOff.remainingMs(key, agoMs);
    if (waitMs > 0) {
      const name = `container ${container.name} in pod ${podLogName(pod)}`;
      events.warning(pod, "BackOff", `Back-off restarting failed ${name}`, container);
      const delay = goSeconds(restartBackOff.delayMs(key));
      throw new StartFailure(
        "CrashLoopBackOff",
        `back-off ${delay} restarting failed container=${container.name} pod=${podLogName(pod)}`,
        waitMs,
      );
    }
    restartBackOff.next(key, agoMs);
  }

  async #pull({ pod, objects, signal }: StartContext, container: Container): Promise<CriImage> {
    try {
      return await this.#options.puller.ensure(pod, container, objects, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const failure =
        error instanceof StartFailure ? error : new StartFailure("ImageInspectError", errorMessage(error));
      if (failure.reason !== "ImageInspectError" || !isGantryError(error, "Canceled")) {
        this.#options.events.warning(pod, "Failed", `Error: ${failure.reason}`, container);
      }
      throw failure;
    }
  }

  async #configure(context: StartContext, container: Container, image: CriImage) {
    const { pod, podDir, volumes, hosts, state } = context;
    try {
      verifyNonRoot(pod, container, image);
      const env = await containerEnvironment({ ...context, container, services: context.services() });
      const mounts = await containerMounts({ pod, container, podDir, volumes, env, hosts });
      return containerConfig({
        pod,
        container,
        image,
        attempt: nextAttempt(context, container),
        env,
        mounts,
        nodeMemoryBytes: this.#options.nodeMemoryBytes,
        targetId: targetOf(container, state),
      });
    } catch (error) {
      throw this.#failed(
        pod,
        container,
        "CreateContainerConfigError",
        configError(errorMessage(error)).message,
      );
    }
  }

  /** One whose start the end of the program came before: what never ran is no restart. */
  async #removeNeverStarted({ state }: StartContext, container: Container): Promise<void> {
    const latest = latestOf(state, container.name);
    if (latest?.state === "CREATED") await removeContainer(latest, this.#options.runtime);
  }

  async #create(
    { pod, sandbox, sandboxConfig }: StartContext,
    container: Container,
    config: ReturnType<typeof containerConfig>,
  ): Promise<string> {
    const { runtime, events } = this.#options;
    try {
      const id = await runtime.createContainer(sandbox.id, config, sandboxConfig);
      events.normal(pod, "Created", `Created container: ${container.name}`, container);
      return id;
    } catch (error) {
      throw this.#failed(pod, container, "CreateContainerError", errorMessage(error));
    }
  }

  async #launch({ pod }: StartContext, container: Container, containerId: string): Promise<void> {
    const { runtime, events } = this.#options;
    try {
      await runtime.startContainer(containerId);
    } catch (error) {
      throw this.#failed(pod, container, "RunContainerError", errorMessage(error));
    }
    events.normal(pod, "Started", `Started container ${container.name}`, container);
  }

  /** A container whose postStart hook fails is ended again. */
  async #postStart(
    { pod, sandbox, signal }: StartContext,
    container: Container,
    containerId: string,
  ): Promise<void> {
    const hook = container.lifecycle?.postStart;
    if (!hook) return;
    const { runtime, events, clock, logger } = this.#options;
    try {
      await runHook(hook, { container, containerId, podIp: sandbox.ip }, runtime, clock, signal);
    } catch (error) {
      if (signal.aborted) return;
      logger.debug("a postStart hook failed", { pod: podLogName(pod), container: container.name, error });
      events.warning(pod, "FailedPostStartHook", "PostStartHook failed", container);
      events.normal(pod, "Killing", "FailedPostStartHook", container);
      await runtime.stopContainer(containerId, Number(pod.spec.terminationGracePeriodSeconds ?? 30));
      throw new StartFailure("PostStartHookError", `PostStartHookError: ${errorMessage(error)}`);
    }
  }

  #failed(pod: Pod, container: Container, reason: string, message: string): StartFailure {
    this.#options.events.warning(pod, "Failed", `Error: ${message}`, container);
    return new StartFailure(reason, message);
  }
}

function nextAttempt({ state, restartsBefore }: StartContext, { name }: Container): number {
  const latest = latestOf(state, name);
  if (latest?.state === "CREATED") return latest.metadata.attempt;
  const before = latest?.metadata.attempt ?? restartsBefore(name);
  return before === undefined ? 0 : before + 1;
}

/** The running container that an ephemeral one is to look into. */
function targetOf(
  { targetContainerName }: Container & Pick<EphemeralContainer, "targetContainerName">,
  state: PodRuntimeState,
): string | undefined {
  if (!targetContainerName) return undefined;
  const target = latestOf(state, targetContainerName);
  if (target && isRunning(target)) return target.id;
  throw configError(`unable to find target container ${targetContainerName}`);
}

/** `10s`, `2m40s`. */
function goSeconds(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
