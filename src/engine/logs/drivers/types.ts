import type { Clock } from "../../../base/index.ts";

export type LogOptionValues = Readonly<Record<string, string>>;

/** What a driver may say of a container in tags and attributes. */
export interface LogInfo {
  options: LogOptionValues;
  containerId: string;
  containerName: string;
  entrypoint: string;
  args: readonly string[];
  /** `sha256:…`. */
  imageId: string;
  imageName: string;
  created: string;
  env: readonly string[];
  labels: Readonly<Record<string, string>>;
  hostname: string;
}

export interface LogMessage {
  stream: "stdout" | "stderr";
  /** RFC 3339 with nanoseconds. */
  timestamp: string;
  /** Without the newline. */
  line: Buffer;
  /** Of a line that came in parts. */
  part?: { id: string; ordinal: number; isLast: boolean };
}

/** Where a container's lines go. */
export interface LogSink {
  /** Resolves when all were handed on. Where it fails they are handed in again. */
  write(messages: readonly LogMessage[]): Promise<void>;
  close(): void;
}

/** A way to hand a container's lines to somebody else, as `--log-driver` names it. */
export interface LogDriver {
  /** Throws InvalidArgument in dockerd's words. */
  check(options: LogOptionValues): void;
  /** Throws where the receiver cannot be reached. */
  open(info: LogInfo, clock: Clock): Promise<LogSink>;
}
