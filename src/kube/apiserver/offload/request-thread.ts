import { Worker } from "node:worker_threads";
import { type Clock, GantryError } from "../../../base/index.ts";
import type { KeyValue, Store } from "../../../store/types.ts";
import { ownMemoryOf } from "./own-memory.ts";
import { fromSentError, toSentError } from "./sent-error.ts";
import type {
  AuditedJob,
  FromThread,
  Job,
  JobResult,
  StoreCall,
  ThreadOptions,
  ToThread,
} from "./thread-messages.ts";

/** The code of the error of a job whose thread ended under it. */
export const THREAD_ENDED = "ApiServer.ThreadEnded";

const MEMORY_MIB = 512;

/** What a job failed with, and what its client is warned of beside that. */
export class JobFailure extends Error {
  readonly warnings: string[];
  readonly audited: AuditedJob | undefined;

  constructor(cause: GantryError, warnings: string[], audited: AuditedJob | undefined) {
    super(cause.message, { cause });
    this.warnings = warnings;
    this.audited = audited;
  }
}

/** One thread, which does one job at a time. Its way to the store leads through here. */
export class RequestThread {
  readonly ended: Promise<void>;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #worker: Worker;
  #job: PromiseWithResolvers<JobResult> | undefined;
  #cancelEnd: (() => void) | undefined;
  #isAlive = true;

  constructor({ store, clock, options }: { store: Store; clock: Clock; options: ThreadOptions }) {
    this.#store = store;
    this.#clock = clock;
    // The bundle keeps every thread's entry point beside the program's chunks.
    const file = import.meta.url.endsWith(".ts") ? "./request.worker.ts" : "./request.worker.mjs";
    this.#worker = new Worker(new URL(file, import.meta.url), {
      workerData: options,
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MIB },
      trackUnmanagedFds: false,
    });
    this.#worker.unref();
    this.#worker.on("message", (message: FromThread) => this.#receive(message));
    this.#worker.on("error", (cause) => this.#fail(threadEnded(cause)));
    this.ended = new Promise((resolve) => {
      this.#worker.on("exit", () => {
        this.#fail(threadEnded());
        this.#cancelEnd?.();
        resolve();
      });
    });
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  run(job: Job): Promise<JobResult> {
    this.#cancelEnd?.();
    this.#job = Promise.withResolvers();
    this.#worker.ref();
    // The body is nobody else's.
    const transfer = job.type === "encode" ? [] : ownMemoryOf(job.body.bytes);
    this.#worker.postMessage({ type: "job", job } satisfies ToThread, transfer);
    return this.#job.promise;
  }

  /** Ends if there is no other job until then. */
  endAfter(ms: number): void {
    this.#cancelEnd = this.#clock.after(ms, () => void this.end(), { unref: true });
  }

  async end(): Promise<void> {
    this.#isAlive = false;
    await this.#worker.terminate();
  }

  #receive(message: FromThread): void {
    if (message.type === "call") return void this.#serve(message);
    const job = this.#job;
    this.#job = undefined;
    this.#worker.unref();
    if (message.type === "done") job?.resolve(message.result);
    else job?.reject(new JobFailure(fromSentError(message.error), message.warnings, message.audited));
  }

  async #serve(call: { id: number } & StoreCall): Promise<void> {
    const { id } = call;
    try {
      this.#send({ type: "answer", id, value: await callStore(this.#store, call) });
    } catch (error) {
      this.#send({ type: "refusal", id, error: toSentError(error) });
    }
  }

  #send(message: ToThread): void {
    if (this.#isAlive) this.#worker.postMessage(message);
  }

  #fail(error: GantryError): void {
    this.#isAlive = false;
    this.#job?.reject(error);
    this.#job = undefined;
  }
}

async function callStore(store: Store, call: StoreCall): Promise<unknown> {
  switch (call.method) {
    case "get": {
      const { item, revision } = await store.get(...call.args);
      return { item: item && alone(item), revision };
    }
    case "range": {
      const range = await store.range(...call.args);
      return { ...range, items: range.items.map(alone) };
    }
    case "transact":
      return store.transact(...call.args);
    case "grantLease":
      return store.grantLease(...call.args);
  }
}

/** With a value that is all of its memory: what lies beside it would go to the thread, too. */
function alone(item: KeyValue): KeyValue {
  return { ...item, value: new Uint8Array(item.value) };
}

function threadEnded(cause?: Error): GantryError {
  return new GantryError("ResourceExhausted", cause?.message ?? "the thread ended", {
    code: THREAD_ENDED,
    cause,
  });
}
