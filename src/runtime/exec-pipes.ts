import { closeSync } from "node:fs";
import { Socket } from "node:net";
import type { Clock } from "../base/index.ts";
import { closeAll, type ExecChannel } from "./exec-channel.ts";
import { makePipe } from "./native-calls.ts";
import { OutputCopy } from "./output-copy.ts";
import type { ExecOptions } from "./types.ts";

/** Three pipes. Real ones: a process may open /dev/stdout again, which a socket (Node's kind of pipe) refuses. */
export class ExecPipes implements ExecChannel {
  readonly stdio: [number | "ignore", number | "ignore", number | "ignore"];
  readonly runtimeArguments: readonly string[] = [];
  readonly #options: ExecOptions;
  readonly #outputs: OutputCopy[] = [];
  readonly #clock: Clock;
  #inputFd: number | undefined;
  #input: Socket | undefined;

  constructor(options: ExecOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.stdio = ["ignore", this.#output(options.stdout, false), this.#output(options.stderr, true)];
    if (options.stdin) {
      const pipe = makePipe();
      this.stdio[0] = pipe.readFd;
      this.#inputFd = pipe.writeFd;
    }
  }

  /** Without anybody to read it, output is dropped by the kernel. */
  #output(destination: ExecOptions["stdout"], held: boolean): number | "ignore" {
    if (!destination) return "ignore";
    const { readFd, writeFd } = makePipe();
    const source = new Socket({ fd: readFd, readable: true, writable: false });
    this.#outputs.push(new OutputCopy(source, destination, this.#clock, { held }));
    return writeFd;
  }

  started(): void {
    closeAll(this.stdio);
    if (this.#inputFd === undefined) return;
    const input = new Socket({ fd: this.#inputFd, readable: false, writable: true });
    this.#inputFd = undefined;
    this.#input = input;
    // EPIPE: the process does not read what it is sent.
    input.on("error", () => this.#options.stdin?.unpipe(input));
    this.#options.stdin?.on("error", () => input.end());
    this.#options.stdin?.pipe(input);
    if (this.#options.stdin?.readableEnded || this.#options.stdin?.destroyed) input.end();
  }

  async drained(): Promise<void> {
    await Promise.all(this.#outputs.map((output) => output.drained()));
  }

  /** Until the process is there, what comes on its standard error are the runtime's own words. */
  running(): void {
    for (const output of this.#outputs) output.release();
  }

  resize(): void {
    // Pipes have no size.
  }

  close(): void {
    if (this.#inputFd !== undefined) closeSync(this.#inputFd);
    this.#inputFd = undefined;
    if (this.#input) {
      this.#options.stdin?.unpipe(this.#input);
      this.#input.destroy();
    }
  }
}
