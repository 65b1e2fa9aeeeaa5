import type { IncomingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";
import type { CacheUsage, PruneOptions } from "../../build/index.ts";

/** What this area needs of BuildKit's API. */
export interface BuildkitBackend {
  /** Throws InvalidArgument for a request that cannot become a session. */
  assertSession(headers: IncomingHttpHeaders): void;
  serveSession(headers: IncomingHttpHeaders, methods: readonly string[], socket: Duplex): Promise<void>;
  serveGrpc(socket: Duplex): Promise<void>;
  build(request: SessionBuild): Promise<{ imageId: string | undefined }>;
  cancelBuild(id: string): void;
  diskUsage(): Promise<CacheUsage[]>;
  prune(options: PruneOptions): Promise<CacheUsage[]>;
}

export interface SessionBuild {
  buildId: string;
  sessionId: string;
  /** Attributes of BuildKit's Dockerfile frontend. */
  frontendOptions: Readonly<Record<string, string>>;
  exporter: { type: string; attributes: Readonly<Record<string, string>> };
  entitlements: readonly string[];
  onProgress(status: Buffer): void;
  signal: AbortSignal;
}
