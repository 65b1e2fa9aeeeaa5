import { type Cancel, type Clock, errorMessage, type Logger } from "../../base/index.ts";
import { type LogLine, LogReader } from "../../runtime/index.ts";
import type { LogMessage, LogSink } from "./drivers/types.ts";
import { LineJoiner } from "./line-joiner.ts";

export interface LogForwarderOptions {
  logPath: string;
  sink: LogSink;
  clock: Clock;
  logger: Logger;
  /** Only lines that came later; without it those that are written from now on. */
  after?: string;
  /** Called now and then with the time of the last line that was handed on. */
  onProgress(timestamp: string): void;
}

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;
/** How long a container's end waits for a receiver that takes nothing (moby's loggerCloseTimeout). */
const DRAIN_MS = 10_000;
const PROGRESS_MS = 1_000;

/**
 * Hands a container's lines on while it runs. What is not handed on yet stands in the log file: a receiver that is away
 * holds up nothing but itself, and gets what it missed when it is back.
 */
export class LogForwarder {
  readonly #options: LogForwarderOptions;
  readonly #reader: LogReader;
  readonly #givenUp = new AbortController();
  readonly #joiner = new LineJoiner();
  #isEnding = false;
  #cancelDrain: Cancel = () => {};
  #last: string | undefined;
  #toldMs = 0;
  #isFailing = false;
  #done: Promise<void> = Promise.resolve();

  constructor(options: LogForwarderOptions) {
    this.#options = options;
    this.#reader = new LogReader(options.logPath, this.#givenUp.signal);
  }

  /** Resolves when what is written from now on will be seen. */
  async start(): Promise<void> {
    const { after } = this.#options;
    const { promise: isReady, resolve } = Promise.withResolvers<void>();
    this.#done = this.#run(after, resolve).finally(() => {
      this.#cancelDrain();
      this.#options.sink.close();
      void this.#reader.close();
      resolve();
    });
    await isReady;
  }

  /** The container has ended: resolves when all was handed on, or that took too long. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#cancelDrain = this.#options.clock.after(DRAIN_MS, () => this.stop(), { unref: true });
    this.#reader.wake();
    await this.#done;
  }

  /** Leaves what is not handed on yet. */
  stop(): void {
    this.#givenUp.abort();
  }

  async #run(after: string | undefined, onReady: () => void): Promise<void> {
    const { logger } = this.#options;
    try {
      for await (const lines of this.#reader.written(after === undefined ? { tail: 0 } : {})) {
        await this.#deliver(
          lines.filter(({ timestamp }) => after !== undefined && isLater(timestamp, after)),
        );
      }
      onReady();
      for await (const lines of this.#reader.follow({ finished: () => this.#isEnding })) {
        await this.#deliver(lines);
      }
      await this.#handOn(this.#joiner.rest());
    } catch (error) {
      if (!this.#givenUp.signal.aborted) logger.error("handing a container's log on failed", { error });
    }
    this.#tell(true);
  }

  async #deliver(lines: readonly LogLine[]): Promise<void> {
    await this.#handOn(lines.flatMap((line) => this.#joiner.push(line)));
  }

  async #handOn(messages: readonly LogMessage[]): Promise<void> {
    if (messages.length === 0) return;
    let waitMs = FIRST_RETRY_MS;
    while (!this.#givenUp.signal.aborted) {
      try {
        await this.#options.sink.write(messages);
        this.#isFailing = false;
        break;
      } catch (error) {
        this.#tellFailure(error);
        await this.#options.clock.sleep(waitMs, this.#givenUp.signal).catch(() => {});
        waitMs = Math.min(waitMs * 2, LONGEST_RETRY_MS);
      }
    }
    if (this.#givenUp.signal.aborted) return;
    this.#last = messages.at(-1)!.timestamp;
    this.#tell(false);
  }

  /** Once for each time that the receiver is away. */
  #tellFailure(error: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#options.logger.warn("a container's log cannot be handed on; it is tried again", {
      log: this.#options.logPath,
      error: errorMessage(error),
    });
  }

  #tell(isLast: boolean): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#last === undefined || (!isLast && nowMs - this.#toldMs < PROGRESS_MS)) return;
    this.#toldMs = nowMs;
    this.#options.onProgress(this.#last);
  }
}

/** Of two times with as many digits as each needs. */
function isLater(one: string, other: string): boolean {
  const [a, b] = [one, other].map(
    (time) => `${time.slice(0, 19)}${(/\.(\d+)/.exec(time)?.[1] ?? "").padEnd(9, "0")}`,
  );
  return a! > b!;
}
