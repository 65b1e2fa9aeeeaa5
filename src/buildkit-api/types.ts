import type { IncomingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";
import type { CacheUsage, PruneOptions } from "../build/index.ts";

export interface BuildkitApi {
  /** Throws InvalidArgument for a request that cannot become a session. */
  assertSession(headers: IncomingHttpHeaders): void;
  /** The connection is a session from here on; resolves when it has ended. `methods`: what the client serves. */
  serveSession(headers: IncomingHttpHeaders, methods: readonly string[], socket: Duplex): Promise<void>;
  /** The connection is gRPC from here on; resolves when it is closed. */
  serveGrpc(socket: Duplex): Promise<void>;
  /** A build that a client asks for with Docker's own request. Resolves with the image's id, if one was made. */
  build(request: SessionBuildRequest): Promise<{ imageId: string | undefined }>;
  /** Nothing where there is no such build. */
  cancelBuild(id: string): void;
  diskUsage(): Promise<CacheUsage[]>;
  prune(options: PruneOptions): Promise<CacheUsage[]>;
  /** Ends what runs, and closes connections. */
  close(): void;
}

export interface SessionBuildRequest {
  /** The client's name for it, to cancel it by. */
  buildId: string;
  sessionId: string;
  /** Of the Dockerfile's frontend. */
  frontendOptions: Readonly<Record<string, string>>;
  exporter: { type: string; attributes: Readonly<Record<string, string>> };
  entitlements: readonly string[];
  /** Bytes of a `moby.buildkit.v1.StatusResponse`. */
  onProgress(status: Buffer): void;
  signal: AbortSignal;
}
