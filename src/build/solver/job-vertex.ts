import type { Clock } from "../../base/index.ts";
import type { ProgressStep, SolveEvent, VertexEvent } from "./types.ts";

export interface JobVertexOptions {
  digest: string;
  name: string;
  inputs: readonly string[];
  progressGroup?: VertexEvent["progressGroup"];
  onEvent: (event: SolveEvent) => void;
  clock: Clock;
}

/** One line of a job's progress: what is known of an operation, told to the job whenever it changes. */
export class JobVertex implements ProgressStep {
  readonly digest: string;
  readonly name: string;
  readonly #options: JobVertexOptions;
  readonly #parts = new Map<string, { startedMs: number; current: number; total: number }>();
  #startedMs: number | undefined;
  #isOver = false;

  constructor(options: JobVertexOptions) {
    this.digest = options.digest;
    this.name = options.name;
    this.#options = options;
  }

  announce(): void {
    this.#tell({});
  }

  start(): void {
    if (this.#startedMs !== undefined) return;
    this.#startedMs = this.#options.clock.nowMs();
    this.#tell({});
  }

  complete({ cached = false, error = "" }: { cached?: boolean; error?: string } = {}): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const completedMs = this.#options.clock.nowMs();
    this.#startedMs ??= completedMs;
    this.#tell({ completedMs, cached, error });
  }

  status(id: string, progress: Parameters<ProgressStep["status"]>[1]): void {
    const timestampMs = this.#options.clock.nowMs();
    const before = this.#parts.get(id);
    const part = {
      startedMs: before?.startedMs ?? timestampMs,
      current: progress.current ?? before?.current ?? 0,
      total: progress.total ?? before?.total ?? 0,
    };
    this.#parts.set(id, part);
    this.#options.onEvent({
      kind: "status",
      id,
      vertex: this.digest,
      name: progress.name ?? "",
      ...part,
      timestampMs,
      ...(progress.done ? { completedMs: timestampMs } : {}),
    });
  }

  log(stream: 1 | 2, data: Buffer): void {
    this.#options.onEvent({
      kind: "log",
      vertex: this.digest,
      stream,
      data,
      timestampMs: this.#options.clock.nowMs(),
    });
  }

  #tell(end: Partial<Pick<VertexEvent, "completedMs" | "cached" | "error">>): void {
    const { inputs, progressGroup } = this.#options;
    this.#options.onEvent({
      kind: "vertex",
      digest: this.digest,
      inputs,
      name: this.name,
      cached: false,
      error: "",
      ...(this.#startedMs === undefined ? {} : { startedMs: this.#startedMs }),
      ...(progressGroup ? { progressGroup } : {}),
      ...end,
    });
  }
}
