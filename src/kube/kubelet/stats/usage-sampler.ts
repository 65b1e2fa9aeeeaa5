import { type Clock, errorMessage, type Logger } from "../../../base/index.ts";
import type { CriContainerStatus, CriContainerUsage, CriRuntimeService } from "../../../cri/types.ts";
import { hostCpuTime, hostMemory } from "../../../kernel/index.ts";

/** Processor time since the start of what is measured, at a moment. */
export interface CpuPoint {
  atMs: number;
  cpuUsageNs: number;
}

/** The newest figures of something, and an older point that its speed is told from. */
export interface Sampled<Usage extends { readAtMs: number; cpuUsageNs: number }> {
  usage: Usage;
  since: CpuPoint | undefined;
}

export interface NodeUsageFigures {
  readAtMs: number;
  cpuUsageNs: number;
  memoryTotalBytes: number;
  memoryUsageBytes: number;
  memoryWorkingSetBytes: number;
  memoryRssBytes: number;
  memoryAvailableBytes: number;
}

export interface SampledContainer extends Sampled<CriContainerUsage> {
  status: CriContainerStatus;
}

export interface UsageSample {
  node: Sampled<NodeUsageFigures>;
  /** Running ones, in no order. */
  containers: readonly SampledContainer[];
}

export interface UsageSamplerOptions {
  runtime: Pick<CriRuntimeService, "listContainers" | "containerUsage">;
  logger: Logger;
  clock: Clock;
}

/** How often figures are taken when nobody asks (cAdvisor's housekeeping interval). */
const SAMPLE_EVERY_MS = 10_000;
/** Figures that are not older are told again. */
const FRESH_MS = 2000;
/** A younger container has not run for long enough to have a speed. */
const LEAST_AGE_MS = 1000;

/** Takes the figures of the node and its running containers from time to time, and keeps of each what its speed needs. */
export class UsageSampler {
  readonly #options: UsageSamplerOptions;
  /** Taken at regular times, the older one first: speeds are told over one interval at the least. */
  #regular: UsageSample[] = [];
  #last: UsageSample | undefined;
  #taking: Promise<UsageSample> | undefined;

  constructor(options: UsageSamplerOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    while (!signal.aborted) {
      try {
        this.#regular = [...this.#regular.slice(-1), await this.#take(this.#regular.at(-1))];
      } catch (error) {
        logger.warn("measuring the node's containers failed, will retry", { error: errorMessage(error) });
      }
      await clock.sleep(SAMPLE_EVERY_MS, signal).catch(() => {});
    }
  }

  /** Figures of now, or of at most 2 s ago. */
  async read(): Promise<UsageSample> {
    if (this.#last && this.#options.clock.nowMs() - this.#last.node.usage.readAtMs < FRESH_MS)
      return this.#last;
    return this.#take(this.#regular[0]);
  }

  /** Whoever asks while figures are being taken gets these. */
  #take(since: UsageSample | undefined): Promise<UsageSample> {
    this.#taking ??= this.#measure(since).finally(() => {
      this.#taking = undefined;
    });
    return this.#taking;
  }

  async #measure(since: UsageSample | undefined): Promise<UsageSample> {
    const { runtime, clock } = this.#options;
    const before = new Map(since?.containers.map(({ usage }) => [usage.containerId, pointOf(usage)]));
    const containers: SampledContainer[] = [];
    for (const status of await runtime.listContainers()) {
      if (status.state !== "RUNNING") continue;
      const usage = await runtime.containerUsage(status.id);
      if (!usage) continue;
      containers.push({ status, usage, since: before.get(status.id) ?? startOf(status, usage.readAtMs) });
    }
    const usage = nodeFigures(clock.nowMs());
    this.#last = { node: { usage, since: since && pointOf(since.node.usage) }, containers };
    return this.#last;
  }
}

const pointOf = ({ readAtMs, cpuUsageNs }: { readAtMs: number; cpuUsageNs: number }): CpuPoint => ({
  atMs: readAtMs,
  cpuUsageNs,
});

/** A container's time began at zero when it started: that is a point, too. */
function startOf({ startedAtNs }: CriContainerStatus, readAtMs: number): CpuPoint | undefined {
  const atMs = Number(startedAtNs / 1_000_000n);
  return startedAtNs > 0n && readAtMs - atMs >= LEAST_AGE_MS ? { atMs, cpuUsageNs: 0 } : undefined;
}

function nodeFigures(readAtMs: number): NodeUsageFigures {
  const { totalNs, idleNs } = hostCpuTime();
  const memory = hostMemory();
  const memoryUsageBytes = memory.totalBytes - memory.freeBytes;
  return {
    readAtMs,
    cpuUsageNs: totalNs - idleNs,
    memoryTotalBytes: memory.totalBytes,
    memoryUsageBytes,
    memoryWorkingSetBytes: Math.max(0, memoryUsageBytes - memory.inactiveFileBytes),
    memoryRssBytes: memory.anonymousBytes,
    memoryAvailableBytes: memory.availableBytes,
  };
}

/** Billionths of a processor, over the time between the two points; undefined where there is one point only. */
export function cpuSpeed({
  usage,
  since,
}: Sampled<{ readAtMs: number; cpuUsageNs: number }>): { nanoCores: number; windowMs: number } | undefined {
  if (!since || usage.readAtMs <= since.atMs) return undefined;
  const windowMs = usage.readAtMs - since.atMs;
  const nanoCores = Math.max(0, Math.round(((usage.cpuUsageNs - since.cpuUsageNs) * 1000) / windowMs));
  return { nanoCores, windowMs };
}
