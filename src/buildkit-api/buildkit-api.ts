import type { IncomingHttpHeaders } from "node:http";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { Clock, Logger } from "../base/index.ts";
import type { Exporter, ExporterRequest, Frontend, Solver } from "../build/index.ts";
import type { Platform } from "../formats/oci-types.ts";
import type { BuildHost } from "./control/build.ts";
import { Builds } from "./control/builds.ts";
import { controlHandlers } from "./control/control-handlers.ts";
import { toGrpcError } from "./control/error-details.ts";
import { workerRecord } from "./control/worker-record.ts";
import { llbBridgeHandlers } from "./gateway/llb-bridge-service.ts";
import { type GrpcMetadata, GrpcServer } from "./grpc/index.ts";
import { BuildHistory } from "./history/build-history.ts";
import { ClientSessions } from "./session/client-sessions.ts";
import { SessionBuilder } from "./session-build/session-builder.ts";
import type { BuildkitApi } from "./types.ts";

export interface BuildkitApiOptions {
  /** For the build history. */
  stateDir: string;
  /** Names this builder among others. */
  workerId: string;
  version: string;
  solver: Solver;
  dockerfile: Frontend;
  createExporter(request: ExporterRequest): Exporter;
  createCacheExporter: BuildHost["createCacheExporter"];
  importCache: BuildHost["importCache"];
  /** The first is what builds run on. */
  platforms: readonly [Platform, ...Platform[]];
  hostGatewayIp?: () => string | undefined;
  clock: Clock;
  logger: Logger;
}

/** BuildKit's API: sessions of clients, and gRPC, over connections that Docker's API hands over. */
export async function openBuildkitApi(options: BuildkitApiOptions): Promise<BuildkitApi> {
  const { solver, dockerfile, createExporter, platforms, clock, logger, version } = options;
  const sessions = new ClientSessions(clock);
  const history = new BuildHistory(join(options.stateDir, "history"), { clock, logger });
  await history.open();
  const builds = new Builds({
    host: {
      solver,
      dockerfile,
      createExporter,
      createCacheExporter: options.createCacheExporter,
      importCache: options.importCache,
      buildPlatform: platforms[0],
      clock,
      findSession: (id, signal) => sessions.get(id, signal),
    },
    clock,
    onStarted: (build) => history.started(build),
    onFinished: (build) => history.finished(build),
  });
  const serveSession = (metadata: GrpcMetadata, connection: Duplex) => {
    const headers = Object.fromEntries(Object.entries(metadata).map(([key, [value]]) => [key, value]));
    const methods = (metadata["x-docker-expose-session-grpc-method"] ?? []).flatMap((one) =>
      one.split(/, */),
    );
    return sessions.serve(headers, methods, connection);
  };
  const worker = () =>
    workerRecord({
      id: options.workerId,
      platforms,
      version,
      hostname: hostname(),
      hostGatewayIp: options.hostGatewayIp?.(),
    });
  const server = new GrpcServer({
    handlers: [
      ...controlHandlers({
        builds,
        history,
        solver,
        serveSession,
        worker,
        version,
        nowMs: () => clock.nowMs(),
      }),
      ...llbBridgeHandlers({ findBridge: (id, signal) => builds.findBridge(id, signal), worker }),
    ],
    toGrpcError,
    clock,
    logger,
  });
  const builder = new SessionBuilder(builds);
  return {
    assertSession: (headers: IncomingHttpHeaders) => void sessions.assertAcceptable(headers),
    serveSession: (headers, methods, socket: Duplex) => sessions.serve(headers, methods, socket),
    serveGrpc: (socket: Duplex) => server.serve(socket),
    build: (request) => builder.build(request),
    cancelBuild: (id) => builder.cancel(id),
    diskUsage: () => solver.diskUsage(),
    prune: (wanted) => solver.prune(wanted),
    close() {
      builds.close();
      server.close();
      sessions.close();
    },
  };
}
