import type { Readable, Writable } from "node:stream";
import type { Clock } from "../../base/index.ts";

export interface RemoteCommandOptions {
  /** Which streams the request asked for. With `tty` there is no stderr. */
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
  /** How long the client may take to open the streams it asked for: 30 s. */
  streamTimeoutMs?: number;
  clock?: Clock;
}

/** metav1.Status, as far as it is looked at here. */
export interface CommandStatus {
  status?: string;
  message?: string;
}

/** The streams of `kubectl exec` and `attach`, whatever carries them. */
export interface RemoteCommandStreams {
  /** Ends when the client has closed its input. Undefined when it was not asked for, as are the others. */
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  /** Columns and rows; a listener added late is told the newest size at once. */
  onResize(listener: (columns: number, rows: number) => void): void;
  /** Waits until all output is sent, tells the client how it ended (a metav1.Status), and closes the connection. */
  finish(status: object): Promise<void>;
  /** Aborts when the connection has ended, by either side. */
  readonly signal: AbortSignal;
  /** Resolves when the connection has ended. */
  readonly closed: Promise<void>;
}

/** Before version 4 the error stream carries the message of a failure and nothing else. */
export function errorText(status: CommandStatus, asStatus: boolean): string {
  if (asStatus) return JSON.stringify(status);
  return status.status === "Success" ? "" : (status.message ?? "");
}

/** Resolves when a stream has sent all that was written to it, or cannot any more. */
export function ended(stream: Writable | undefined): Promise<void> {
  if (!stream || stream.destroyed || stream.writableFinished) return Promise.resolve();
  return new Promise((resolve) => {
    stream
      .once("finish", resolve)
      .once("close", resolve)
      .once("error", () => resolve());
    stream.end();
  });
}
