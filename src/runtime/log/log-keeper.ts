import { Worker } from "node:worker_threads";
import type { Logger } from "../../base/index.ts";
import type { KeeperAnswer, KeeperRequest } from "./log-keeper-messages.ts";
import type { KeptLog } from "./log-keeping.ts";

/** Keeps logs within their limits, in a thread that is begun with the first of them. */
export class LogKeeper {
  readonly #logger: Logger;
  readonly #kept = new Map<string, KeptLog>();
  readonly #releasing = new Map<string, () => void>();
  #worker: Worker | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** From now on, until `release`. The writer must have its log open. */
  keep(id: string, log: KeptLog): void {
    this.#kept.set(id, log);
    this.#send({ type: "keep", id, log });
  }

  /** Resolves when nothing is done with the log any more. */
  async release(id: string): Promise<void> {
    if (!this.#kept.delete(id)) return;
    await new Promise<void>((resolve) => {
      this.#releasing.set(id, resolve);
      this.#send({ type: "release", id });
    });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#kept.clear();
    await worker?.terminate();
    this.#resolveAll();
  }

  #send(request: KeeperRequest): void {
    this.#worker ??= this.#begin();
    this.#worker.postMessage(request);
  }

  #begin(): Worker {
    // The bundle keeps every thread's entry point beside the program's chunks.
    const file = import.meta.url.endsWith(".ts") ? "./log-keeper.worker.ts" : "./log-keeper.worker.mjs";
    const worker = new Worker(new URL(file, import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 64 },
    });
    worker.unref();
    worker.on("message", (answer: KeeperAnswer) => this.#hear(answer));
    worker.on("error", (error) => this.#logger.error("the thread that keeps logs failed", { error }));
    worker.on("exit", () => this.#ended(worker));
    return worker;
  }

  #hear(answer: KeeperAnswer): void {
    const { id } = answer;
    if (answer.type === "released") {
      this.#releasing.get(id)?.();
      this.#releasing.delete(id);
    } else if (this.#kept.has(id)) {
      this.#logger.debug("a log could not be looked at or rotated", { container: id, error: answer.message });
    }
  }

  /** Another one takes over what this one had. */
  #ended(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#resolveAll();
    for (const [id, log] of this.#kept) this.#send({ type: "keep", id, log });
  }

  #resolveAll(): void {
    for (const resolve of this.#releasing.values()) resolve();
    this.#releasing.clear();
  }
}
