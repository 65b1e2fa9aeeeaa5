import type { Duplex } from "node:stream";
import { notFound } from "../../base/index.ts";
import type { CacheUsage, Solver } from "../../build/index.ts";
import { bidirectional, type GrpcHandler, type GrpcMetadata, serverStream, unary } from "../grpc/index.ts";
import type { BuildHistory } from "../history/build-history.ts";
import { timestampOf } from "../messages/common-messages.ts";
import * as messages from "../messages/control-messages.ts";
import { ByteConnection } from "../session/byte-connection.ts";
import type { Builds } from "./builds.ts";
import { statusResponses } from "./status-responses.ts";
import { buildkitVersion, type WorkerRecordMessage } from "./worker-record.ts";

export interface ControlHandlersOptions {
  builds: Builds;
  history: BuildHistory;
  solver: Solver;
  serveSession(metadata: GrpcMetadata, connection: Duplex): Promise<void>;
  worker(): WorkerRecordMessage;
  version: string;
  nowMs(): number;
}

/** moby.buildkit.v1.Control */
export function controlHandlers(options: ControlHandlersOptions): GrpcHandler[] {
  const { builds, history, solver, serveSession, worker, version, nowMs } = options;
  const timestamp = () => ({ "buildkit-current-timestamp": [new Date(nowMs()).toISOString()] });
  return [
    unary(messages.SOLVE, async (request, { signal }) => ({
      exporterResponse: await builds.solve(request, signal),
    })),
    serverStream(messages.STATUS, async function* ({ ref }, call) {
      call.sendMetadata(timestamp());
      const recorded = await history.status(ref);
      if (recorded) {
        yield* recorded;
        return;
      }
      const running = await builds.find(ref, call.signal);
      if (!running) throw notFound(`no such job ${ref}`);
      for await (const events of running.progress.listen(call.signal)) yield* statusResponses(events);
    }),
    // A session within the connection, for clients that open none beside it (session/grpchijack).
    bidirectional(messages.SESSION, async (requests, send, { metadata, signal }) => {
      const connection = new ByteConnection(requests, (data) => send({ data }));
      signal.addEventListener("abort", () => connection.destroy(), { once: true });
      await serveSession(metadata, connection);
    }),
    unary(messages.LIST_WORKERS, async () => ({ record: [worker()] })),
    unary(messages.INFO, async () => ({ buildkitVersion: buildkitVersion(version) })),
    unary(messages.DISK_USAGE, async () => ({ record: (await solver.diskUsage()).map(usageOf) })),
    serverStream(messages.PRUNE, async function* (request) {
      const removed = await solver.prune({
        all: request.all,
        filters: request.filter,
        ...(request.keepDuration > 0 ? { keepDurationMs: request.keepDuration / 1e6 } : {}),
        ...(request.reservedSpace > 0 ? { reservedSpaceBytes: request.reservedSpace } : {}),
        ...(request.maxUsedSpace > 0 ? { maxUsedSpaceBytes: request.maxUsedSpace } : {}),
        ...(request.minFreeSpace > 0 ? { minFreeSpaceBytes: request.minFreeSpace } : {}),
      });
      for (const usage of removed) yield usageOf(usage);
    }),
    serverStream(messages.LISTEN_BUILD_HISTORY, (request, call) => {
      call.sendMetadata(timestamp());
      return history.listen(request, call.signal);
    }),
    unary(messages.UPDATE_BUILD_HISTORY, async (request) => {
      await history.update(request);
      return {};
    }),
  ];
}

function usageOf(usage: CacheUsage) {
  return {
    id: usage.id,
    mutable: usage.mutable,
    inUse: usage.inUse,
    size: usage.sizeBytes,
    createdAt: timestampOf(usage.createdAtMs),
    lastUsedAt: timestampOf(usage.lastUsedAtMs),
    usageCount: usage.usageCount,
    description: usage.description,
    recordType: usage.recordType,
    shared: usage.shared,
    parents: usage.parents,
  };
}
