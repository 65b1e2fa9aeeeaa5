import type { Engine } from "../../engine/types.ts";
import type { ImageService } from "../../images/types.ts";
import type { BuildkitBackend } from "../buildkit/backend.ts";

/** What this area needs. */
export interface SystemBackend {
  engine: Pick<Engine, "listContainers" | "events" | "listVolumes">;
  images: Pick<ImageService, "list">;
  buildkit?: Pick<BuildkitBackend, "diskUsage"> | undefined;
}

/** Facts about program and machine that `docker version` and `docker info` show. */
export interface ServerInfo {
  /** The program's version. */
  version: string;
  gitCommit: string;
  /** When the program was built, RFC 3339. */
  buildTime: string;
  /** Stable id of this instance. */
  id: string;
  /** `<home>`. */
  homeDir: string;
  hostname: string;
  kernelVersion: string;
  /** `Debian GNU/Linux 12 (bookworm)`. */
  osPretty: string;
  osVersion: string;
  /** As Go names it: `amd64`. */
  architecture: string;
  /** As uname names it: `x86_64`. */
  machine: string;
  cpus: number;
  memoryBytes: number;
  cgroupVersion: "1" | "2";
  runtime: { name: string; path: string; version: string };
  /** Registries that are spoken to without TLS, as `host:port` or network. */
  insecureRegistries: readonly string[];
  warnings?: readonly string[];
}
