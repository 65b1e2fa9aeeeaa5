import type { Duplex, Readable, Writable } from "node:stream";

/** What the API server reads of a node, wherever that is. */
export interface NodeReader {
  /** Bytes of the log as `kubectl logs` prints them. Throws StatusError (BadRequest, NotFound) before the first byte. */
  logs(target: PodTarget, options: PodLogOptions, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** What the node and the running containers of its pods use; undefined for a node that does not tell. */
  usage(nodeName: string): Promise<NodeUsage | undefined>;
}

/** The node in the same process: also for exec, attach and port-forward, and for the node's proxy. */
export interface NodeAccess extends NodeReader {
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
  /** What the kubelet's own server answers to a GET of this path; undefined for a path that it does not know. */
  read(nodeName: string, path: string, query: URLSearchParams): Promise<NodeDocument | undefined>;
}

/** Speed of work over a window of time that ended at `readAtMs`, and memory at that moment. */
export interface UsageFigures {
  readAtMs: number;
  windowMs: number;
  /** Billionths of a processor. */
  cpuNanoCores: number;
  memoryWorkingSetBytes: number;
}

export interface NodeUsage {
  /** Undefined as long as there was one measurement only; containers likewise are left out. */
  node: UsageFigures | undefined;
  pods: { uid: string; containers: ({ name: string } & UsageFigures)[] }[];
}

export interface NodeDocument {
  contentType: string;
  body: string;
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
