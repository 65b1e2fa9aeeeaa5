import { type FileHandle, open, rename } from "node:fs/promises";
import { type Clock, errorMessage, type Logger } from "../base/index.ts";

const FLUSH_MS = 1_000;
/** So much is written at once. */
const FLUSH_BYTES = 64 * 1024;
/** What comes beyond that is lost, and counted. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** The file is moved aside then, over the one before. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** One line a request, written now and then. A disk that is full costs lines, and no request. */
export class AccessLog {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #lines: string[] = [];
  #waitingBytes = 0;
  #lost = 0;
  #isPlanned = false;
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #hasFailed = false;

  constructor(options: { path: string; clock: Clock; logger: Logger }) {
    this.#path = options.path;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  add(line: string): void {
    if (this.#waitingBytes > MAX_WAITING_BYTES) {
      this.#lost++;
      return;
    }
    this.#lines.push(line);
    this.#waitingBytes += line.length + 1;
    if (this.#waitingBytes > FLUSH_BYTES && !this.#isWriting) void this.flush();
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
    this.#isWriting = true;
    if (this.#lost > 0) this.#logger.warn("the access log has lost lines", { count: this.#lost });
    this.#lost = 0;
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
      this.#isWriting = false;
    }
  }
}
