import { rm } from "node:fs/promises";
import { join } from "node:path";
import { errorMessage, type Logger, namesInDirectory } from "../../../base/index.ts";
import type { CriRuntimeService } from "../../../cri/types.ts";
import { Label } from "../naming.ts";
import type { VolumeManager } from "../volumes/volume-manager.ts";
import { graceOf } from "./container-killer.ts";
import { removeContainer } from "./container-pruner.ts";

export interface OrphanCleanerOptions {
  runtime: CriRuntimeService;
  volumes: VolumeManager;
  podsDir: string;
  podLogsDir: string;
  /** Whether the pod is known: then its worker looks after it. */
  isKnown: (podUid: string) => boolean;
  logger: Logger;
}

/** Removes what pods left that the API does not know any more: deleted by force, or while the program was away. */
export class OrphanCleaner {
  readonly #options: OrphanCleanerOptions;

  constructor(options: OrphanCleanerOptions) {
    this.#options = options;
  }

  async clean(): Promise<void> {
    const { runtime } = this.#options;
    const [sandboxes, containers] = await Promise.all([runtime.listPodSandboxes(), runtime.listContainers()]);
    const uids = new Set([...sandboxes, ...containers].map(({ labels }) => labels[Label.podUid] ?? ""));
    uids.delete("");
    for (const uid of uids)
      if (!this.#options.isKnown(uid)) await this.#attempt(uid, () => this.#removePod(uid));
    await this.#cleanRunLess(sandboxes, containers);
    await this.#cleanDirectories();
    await this.#cleanLogs();
  }

  /** Containers and logs of pods that have ended: what is told of them in the API stays. */
  async removeEnded(podUids: Iterable<string>): Promise<void> {
    const { runtime } = this.#options;
    for (const uid of podUids) {
      await this.#attempt(uid, async () => {
        for (const container of await runtime.listContainers({ labels: { [Label.podUid]: uid } }))
          if (container.state === "EXITED") await removeContainer(container, runtime);
      });
    }
  }

  async #removePod(uid: string): Promise<void> {
    const { runtime, logger } = this.#options;
    const labels = { [Label.podUid]: uid };
    logger.info("removing a pod that the API does not know", { uid });
    const containers = await runtime.listContainers({ labels });
    await Promise.all(
      containers
        .filter(({ state }) => state === "RUNNING")
        .map((container) => runtime.stopContainer(container.id, graceOf(container))),
    );
    for (const container of containers) await removeContainer(container, runtime);
    for (const sandbox of await runtime.listPodSandboxes({ labels }))
      await runtime.removePodSandbox(sandbox.id);
  }

  /** Sandboxes that were replaced by a newer one of their pod, once no container of theirs is left. */
  async #cleanRunLess(
    sandboxes: Awaited<ReturnType<CriRuntimeService["listPodSandboxes"]>>,
    containers: Awaited<ReturnType<CriRuntimeService["listContainers"]>>,
  ): Promise<void> {
    const used = new Set(containers.map(({ podSandboxId }) => podSandboxId));
    const newest = new Map<string, number>();
    for (const { labels, metadata } of sandboxes) {
      const uid = labels[Label.podUid] ?? "";
      newest.set(uid, Math.max(newest.get(uid) ?? 0, metadata.attempt));
    }
    for (const { id, state, labels, metadata } of sandboxes) {
      const isOld = metadata.attempt < (newest.get(labels[Label.podUid] ?? "") ?? 0);
      if (isOld && state === "NOTREADY" && !used.has(id)) await this.#options.runtime.removePodSandbox(id);
    }
  }

  async #cleanDirectories(): Promise<void> {
    const { podsDir, volumes, isKnown } = this.#options;
    for (const uid of await namesInDirectory(podsDir)) {
      if (!isKnown(uid)) await this.#attempt(uid, () => volumes.tearDown(uid));
    }
  }

  /** `<namespace>_<name>_<uid>`. */
  async #cleanLogs(): Promise<void> {
    const { podLogsDir, isKnown } = this.#options;
    for (const name of await namesInDirectory(podLogsDir)) {
      const uid = name.split("_").at(-1)!;
      if (!isKnown(uid))
        await this.#attempt(uid, () => rm(join(podLogsDir, name), { recursive: true, force: true }));
    }
  }

  /** One pod's trouble does not keep the others from being cleaned up. */
  async #attempt(uid: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#options.logger.warn("an orphaned pod was not cleaned up, will retry", {
        uid,
        error: errorMessage(error),
      });
    }
  }
}
