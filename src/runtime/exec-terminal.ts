import { closeSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { ReadStream } from "node:tty";
import { type Clock, GantryError, notImplemented } from "../base/index.ts";
import type { ExecChannel, ExecPlace } from "./exec-channel.ts";
import { receiveDescriptor, setTerminalSize } from "./native-calls.ts";
import { OutputCopy } from "./output-copy.ts";
import type { ExecOptions } from "./types.ts";

/** The longest path that fits into a socket address. */
const MAX_SOCKET_PATH = 107;

/**
 * A terminal: the runtime makes it inside the container and sends its master over a Unix socket (OCI runtime command line,
 * `--console-socket`).
 */
export class ExecTerminal implements ExecChannel {
  readonly stdio: ["ignore", "ignore", "ignore"] = ["ignore", "ignore", "ignore"];
  readonly runtimeArguments: readonly string[];
  readonly #options: ExecOptions;
  readonly #clock: Clock;
  readonly #server: Server;
  readonly #socketPath: string;
  #master: ReadStream | undefined;
  #fd: number | undefined;
  #output: OutputCopy | undefined;
  #size: [columns: number, rows: number] | undefined;
  #closed = false;

  static async open(options: ExecOptions, place: ExecPlace): Promise<ExecTerminal> {
    if (place.runtime.name !== "crun") {
      // runc gives its console away only when it detaches, and then nobody hears the exit code.
      throw notImplemented(`a terminal for an execution needs crun, not ${place.runtime.name}`, {
        code: "Runtime.TerminalNeedsCrun",
        hint: "install the package crun",
      });
    }
    const path = join(place.dir, "tty");
    if (Buffer.byteLength(path) > MAX_SOCKET_PATH) {
      throw new GantryError(
        "InvalidArgument",
        `the home directory's path is too long for a terminal: ${path}`,
        {
          code: "Runtime.SocketPath",
          hint: "use a home directory with a shorter path",
        },
      );
    }
    const terminal = new ExecTerminal(options, place.clock, path);
    await new Promise<void>((resolve, reject) => {
      terminal.#server.once("error", reject);
      terminal.#server.listen(path, resolve);
    });
    return terminal;
  }

  constructor(options: ExecOptions, clock: Clock, socketPath: string) {
    this.#options = options;
    this.#clock = clock;
    this.#socketPath = socketPath;
    this.runtimeArguments = ["--tty", "--console-socket", socketPath];
    if (options.columns && options.rows) this.#size = [options.columns, options.rows];
    // Node must not read from it: a plain read would throw the descriptor away.
    this.#server = createServer({ pauseOnConnect: true }, (socket) => this.#receive(socket));
  }

  #receive(socket: Socket): void {
    const fd = (socket as unknown as { _handle: { fd: number } })._handle.fd;
    const look = () => {
      const master = this.#closed ? undefined : receiveDescriptor(fd);
      if (master === undefined && !this.#closed) {
        this.#clock.after(1, look);
        return;
      }
      socket.destroy();
      this.#server.close();
      if (master !== undefined) this.#use(master);
    };
    look();
  }

  #use(fd: number): void {
    this.#fd = fd;
    if (this.#size) setTerminalSize(fd, ...this.#size);
    const master = new ReadStream(fd);
    this.#master = master;
    this.#output = new OutputCopy(master, this.#options.stdout, this.#clock);
    const input = this.#options.stdin;
    if (!input) return;
    // The end of the client's input does not close the terminal: the master carries the output too.
    input.on("data", (chunk: Buffer) => {
      if (!master.writable || master.write(chunk)) return;
      input.pause();
      master.once("drain", () => input.resume());
    });
    input.on("error", () => {});
  }

  started(): void {
    // The descriptors come later.
  }

  running(): void {
    // The runtime has no part in the terminal.
  }

  async drained(): Promise<void> {
    await this.#output?.drained();
  }

  resize(columns: number, rows: number): void {
    this.#size = [columns, rows];
    if (this.#fd !== undefined && !this.#master?.destroyed) setTerminalSize(this.#fd, columns, rows);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#server.listening) this.#server.close();
    rmSync(this.#socketPath, { force: true });
    if (this.#master) this.#master.destroy();
    else if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}
