import type { Duplex } from "node:stream";
import { splitOutput } from "../../compose/index.ts";

export interface InteractiveOptions {
  tty: boolean;
  /** Standard input goes in. */
  input: boolean;
  /** Told of the terminal's size at the beginning and at each change. */
  resize?(rows: number, columns: number): void;
  /** Keys that leave what runs to itself (`ctrl-p,ctrl-q`). */
  detachKeys?: string;
}

const CTRL_P = 0x10;
const CTRL_Q = 0x11;

/** Joins this terminal with a process in a container, until its output has ended or the person has left it. */
export async function interact(socket: Duplex, options: InteractiveOptions): Promise<"ended" | "detached"> {
  const { stdin, stdout, stderr } = process;
  const isRaw = options.tty && options.input && stdin.isTTY;
  const detached = Promise.withResolvers<"detached">();
  const keys = detachSequence(options.detachKeys);
  let matched = 0;
  const onData = (chunk: Buffer) => {
    if (options.tty) {
      for (const byte of chunk) {
        matched = byte === keys[matched] ? matched + 1 : byte === keys[0] ? 1 : 0;
        if (matched === keys.length) {
          detached.resolve("detached");
          return;
        }
      }
    }
    socket.write(chunk);
  };
  const onEnd = () => socket.end();
  const onResize = () => options.resize?.(stdout.rows ?? 0, stdout.columns ?? 0);
  if (isRaw) stdin.setRawMode(true);
  if (options.tty && stdout.isTTY) {
    onResize();
    process.on("SIGWINCH", onResize);
  }
  if (options.input) {
    stdin.on("data", onData);
    stdin.on("end", onEnd);
    stdin.resume();
  }
  try {
    const output = options.tty
      ? copyOut(socket)
      : splitOutput(socket, { stdout: (b) => stdout.write(b), stderr: (b) => stderr.write(b) });
    return await Promise.race([output.then(() => "ended" as const), detached.promise]);
  } finally {
    stdin.off("data", onData);
    stdin.off("end", onEnd);
    process.off("SIGWINCH", onResize);
    if (isRaw) stdin.setRawMode(false);
    stdin.pause();
    socket.destroy();
  }
}

async function copyOut(socket: Duplex): Promise<void> {
  for await (const chunk of socket as AsyncIterable<Buffer>) process.stdout.write(chunk);
}

/** `ctrl-p,ctrl-q`, or plain characters. */
export function detachSequence(keys: string | undefined): number[] {
  if (!keys) return [CTRL_P, CTRL_Q];
  return keys.split(",").map((key) => {
    const control = /^ctrl-([a-z@[\\\]^_])$/i.exec(key)?.[1];
    return control === undefined ? key.charCodeAt(0) : control.toUpperCase().charCodeAt(0) & 0x1f;
  });
}
