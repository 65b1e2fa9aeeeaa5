import { type FileHandle, open, rename } from "node:fs/promises";
import { type Clock, errorMessage, type Logger } from "../base/index.ts";

const FLUSH_MS = 1_000;
const MAX_WAITING_BYTES = 256 * 1024;
/** The file is moved aside then, over the one before. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** One line a request, written now and then. A disk that is full costs lines, and no request. */
export class AccessLog {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #lines: string[] = [];
  #waitingBytes = 0;
  #isPlanned = false;
  #writing: Promise<void> = Promise.resolve();
  #hasFailed = false;

  constructor(options: { path: string; clock: Clock; logger: Logger }) {
    this.#path = options.path;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  add(line: string): void {
    if (this.#waitingBytes > MAX_WAITING_BYTES) return;
    this.#lines.push(line);
    this.#waitingBytes += line.length + 1;
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#clock.after(FLUSH_MS, () => void this.flush(), { unref: true });
  }

  flush(): Promise<void> {
    this.#isPlanned = false;
    const lines = this.#lines;
    this.#lines = [];
    this.#waitingBytes = 0;
    if (lines.length > 0) this.#writing = this.#writing.then(() => this.#write(`${lines.join("\n")}\n`));
    return this.#writing;
  }

  async #write(text: string): Promise<void> {
    let file: FileHandle | undefined;
    try {
      file = await open(this.#path, "a", 0o600);
      await file.appendFile(text);
      if ((await file.stat()).size > MAX_FILE_BYTES) await rename(this.#path, `${this.#path}.1`);
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed)
        this.#logger.warn("the access log cannot be written", { error: errorMessage(error) });
      this.#hasFailed = true;
    } finally {
      await file?.close().catch(() => {});
    }
  }
}
