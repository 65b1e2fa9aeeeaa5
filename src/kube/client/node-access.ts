import type { Duplex, Readable, Writable } from "node:stream";

/** What the API server needs of a node to serve a pod's log, exec, attach and port-forward subresources. */
export interface NodeAccess {
  /** Bytes of the log as `kubectl logs` prints them. Throws StatusError (BadRequest, NotFound) before the first byte. */
  logs(target: PodTarget, options: PodLogOptions, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Resolves with the exit code when the process has ended and its output was written. */
  exec(
    target: PodTarget,
    command: string[],
    options: StreamOptions,
    streams: NodeStreams,
    signal: AbortSignal,
  ): Promise<{ exitCode: number }>;
  attach(target: PodTarget, options: StreamOptions, streams: NodeStreams, signal: AbortSignal): Promise<void>;
  /** One connection to a port inside the pod's network namespace. */
  portForward(target: Omit<PodTarget, "container">, port: number): Promise<Duplex>;
}

export interface PodTarget {
  nodeName: string;
  namespace: string;
  podName: string;
  podUid: string;
  container: string;
}

export interface PodLogOptions {
  follow?: boolean;
  previous?: boolean;
  timestamps?: boolean;
  sinceSeconds?: number;
  sinceTime?: string;
  tailLines?: number;
  limitBytes?: number;
}

export interface StreamOptions {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

export interface NodeStreams {
  stdin?: Readable;
  stdout?: Writable;
  stderr?: Writable;
  onResize?: (listener: (columns: number, rows: number) => void) => void;
}
