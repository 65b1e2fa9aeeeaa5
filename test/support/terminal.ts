import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, read, writeSync } from "node:fs";
import koffi from "koffi";
import { eventually } from "./eventually.ts";

const TIOCSWINSZ = 0x5414;
let binding: Record<"openpty" | "ioctl", (...args: unknown[]) => number> | undefined;

function libc(): NonNullable<typeof binding> {
  if (!binding) {
    const library = koffi.load("libc.so.6");
    binding = {
      openpty: library.func(
        "int openpty(_Out_ int *master, _Out_ int *slave, void *name, void *termp, void *winp)",
      ),
      ioctl: library.func("int ioctl(int fd, ulong request, void *argument)"),
    };
  }
  return binding;
}

/** A program that runs on a pseudo terminal of the test's own. */
export class Terminal {
  readonly #master: number;
  readonly #child: ChildProcess;
  readonly #exit: Promise<number>;
  #output = "";
  #closed = false;

  constructor(
    command: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
    size = { columns: 80, rows: 24 },
  ) {
    const master = [0];
    const slave = [0];
    if (libc().openpty(master, slave, null, null, null) !== 0) throw new Error("openpty failed");
    this.#master = master[0]!;
    this.#setSize(size.columns, size.rows);
    const fd = slave[0]!;
    this.#child = spawn(command, args, { env: { ...env, TERM: "xterm" }, stdio: [fd, fd, fd] });
    closeSync(fd);
    this.#exit = new Promise((resolve) => this.#child.on("exit", (code) => resolve(code ?? 128)));
    this.#read();
  }

  get output(): string {
    return this.#output;
  }

  write(text: string): void {
    writeSync(this.#master, text);
  }

  resize(columns: number, rows: number): void {
    this.#setSize(columns, rows);
    this.#child.kill("SIGWINCH");
  }

  async waitFor(pattern: RegExp, timeoutMs = 15_000): Promise<RegExpExecArray> {
    return eventually(
      `${pattern} in the terminal (it shows ${JSON.stringify(this.#output.slice(-300))})`,
      () => pattern.exec(this.#output),
      timeoutMs,
      20,
    );
  }

  /** Ends the program (a terminal that is left open holds one of the process's few reading threads). */
  async close(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exit;
  }

  async exit(timeoutMs = 15_000): Promise<number> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), timeoutMs);
    const code = await this.#exit;
    clearTimeout(timer);
    return code;
  }

  #setSize(columns: number, rows: number): void {
    const size = Buffer.alloc(8);
    size.writeUInt16LE(rows, 0);
    size.writeUInt16LE(columns, 2);
    libc().ioctl(this.#master, TIOCSWINSZ, size);
  }

  #read(): void {
    const buffer = Buffer.alloc(4096);
    read(this.#master, buffer, 0, buffer.length, null, (error, count) => {
      // EIO is how a terminal says that its other side has been closed.
      if (error || count === 0) {
        if (!this.#closed) closeSync(this.#master);
        this.#closed = true;
        return;
      }
      this.#output += buffer.toString("utf8", 0, count);
      this.#read();
    });
  }
}
