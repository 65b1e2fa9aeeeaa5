import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type Clock, GantryError, isGantryError, type Logger, notFound, systemClock } from "../base/index.ts";
import type { Builder } from "../build/index.ts";
import type { Engine } from "../engine/types.ts";
import { type Handler, type HttpContext, Router, sendEmpty, sendJson, sendText } from "../http/index.ts";
import type { ImageService } from "../images/types.ts";
import type { NetworkService } from "../network/types.ts";
import type { ApiContext, ApiRoute } from "./api-context.ts";
import { buildRoutes } from "./build/routes.ts";
import type { BuildkitBackend } from "./buildkit/backend.ts";
import { buildkitRoutes } from "./buildkit/routes.ts";
import { attachRoute } from "./containers/attach.ts";
import { attachWebSocketRoute } from "./containers/attach-websocket.ts";
import { commitRoutes } from "./containers/commit.ts";
import { containerRoutes } from "./containers/routes.ts";
import type { DistributionBackend } from "./distribution/backend.ts";
import { distributionRoutes } from "./distribution/routes.ts";
import { execRoutes, execStartRoute } from "./exec/routes.ts";
import { imageRoutes } from "./images/routes.ts";
import { networkRoutes } from "./networks/routes.ts";
import { plainStreamRequest, type StreamRoute, upgradeStreamRequest } from "./stream-request.ts";
import { swarmRoutes } from "./swarm/routes.ts";
import type { ServerInfo } from "./system/backend.ts";
import { systemRoutes } from "./system/routes.ts";
import { volumeRoutes } from "./volumes/routes.ts";
import { API_VERSION, splitVersion } from "./wire/api-version.ts";
import { toDockerError } from "./wire/error-map.ts";
import { refuseBrowsers } from "./wire/guard.ts";
import type { Hijacked } from "./wire/hijack.ts";
import { assertQuery } from "./wire/query.ts";

export interface DockerApiOptions {
  engine: Engine;
  images: ImageService;
  network: NetworkService;
  builder: Builder;
  /** BuildKit's protocol; its endpoints are not there without it. */
  buildkit?: BuildkitBackend;
  /** Questions to registries (`docker login`, `docker manifest`); refused without it. */
  registry?: DistributionBackend;
  info: ServerInfo;
  /** Names under which this API may be reached over TCP, beside addresses and `localhost`. */
  allowedHosts?: readonly string[];
  logger: Logger;
  clock?: Clock;
}

/** The Docker Engine API for one HTTP server: pass `handler` and `upgrade` to it, and `close` before it is closed. */
export interface DockerApi {
  handler(context: HttpContext): Promise<void>;
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Whether HTTP/2 on the request's connection is BuildKit's: `upgrade` takes it then. */
  upgradesToH2c(req: IncomingMessage): boolean;
  /** Cuts attached clients off; the containers do not notice. */
  close(): void;
}

const BUILDKIT_PATH = /^(?:\/v\d+\.\d+)?\/(?:session|grpc)(?:\?|$)/;

export function createDockerApi(options: DockerApiOptions): DockerApi {
  return new DockerApiServer(options);
}

class DockerApiServer implements DockerApi {
  readonly #options: DockerApiOptions;
  readonly #router = new Router();
  readonly #streams = new Router();
  readonly #streamRoutes = new Map<Handler, StreamRoute>();
  readonly #allowedHosts: ReadonlySet<string>;
  readonly #connections = new Set<Duplex>();

  constructor(options: DockerApiOptions) {
    this.#options = options;
    this.#allowedHosts = new Set((options.allowedHosts ?? []).map((host) => host.toLowerCase()));
    for (const route of apiRoutes(options)) this.#add(route);
    for (const route of streamRoutes(options)) this.#addStream(route);
  }

  async handler(context: HttpContext): Promise<void> {
    const { res } = context;
    this.#setHeaders(context);
    try {
      refuseBrowsers(context.req, this.#allowedHosts);
      const { path, minor } = splitVersion(context.path);
      const match = this.#router.match(context.method, path);
      if (!match || !("handler" in match)) throw notFound("page not found", { code: "DockerApi.NoRoute" });
      const request: ApiContext = Object.assign(Object.create(context), {
        params: match.params,
        apiMinor: minor,
      });
      assertQuery(context.req.url ?? "");
      await match.handler(request);
    } catch (error) {
      if (context.signal.aborted && !(error instanceof GantryError)) return;
      // What has begun cannot become an error answer any more; the server cuts it.
      if (res.headersSent) throw error;
      this.#sendError(context, error);
    }
  }

  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#connections.add(socket);
    socket.on("close", () => this.#connections.delete(socket));
    let hijacked: Hijacked | undefined;
    let isTakenOver = false;
    const heard = {
      onOpen: (opened: Hijacked) => {
        hijacked = opened;
      },
      onTakenOver: () => {
        isTakenOver = true;
      },
    };
    this.#serveUpgrade(req, socket, head, heard).catch((error) => {
      const { status, message } = toDockerError(error, this.#options.logger);
      if (hijacked?.accepted || isTakenOver || socket.destroyed) socket.destroy();
      else refuseUpgrade(socket, status, message);
    });
  }

  upgradesToH2c({ method, url = "" }: IncomingMessage): boolean {
    return this.#options.buildkit !== undefined && method === "POST" && BUILDKIT_PATH.test(url);
  }

  close(): void {
    for (const socket of this.#connections) socket.destroy();
  }

  async #serveUpgrade(
    req: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    heard: { onOpen(hijacked: Hijacked): void; onTakenOver(): void },
  ): Promise<void> {
    refuseBrowsers(req, this.#allowedHosts);
    const url = new URL(req.url!, "http://local");
    const { path, minor } = splitVersion(url.pathname);
    const match = this.#streams.match(req.method!, path);
    if (!match || !("handler" in match)) throw notFound("page not found", { code: "DockerApi.NoRoute" });
    const route = this.#streamRoutes.get(match.handler)!;
    assertQuery(req.url!);
    const request = { params: match.params, query: url.searchParams, apiMinor: minor };
    await route.handle(upgradeStreamRequest({ req, socket, head, ...heard }, request));
  }

  #add(route: ApiRoute): void {
    this.#router.add(route.method, route.path, (context) => route.handle(context as ApiContext));
  }

  #addStream(route: StreamRoute): void {
    const handler: Handler = () => {};
    this.#streamRoutes.set(handler, route);
    this.#streams.add(route.method, route.path, handler);
  }

  #setHeaders({ res }: HttpContext): void {
    res.setHeader("api-version", API_VERSION);
    res.setHeader("docker-experimental", "false");
    res.setHeader("ostype", "linux");
    res.setHeader("server", `Docker/${this.#options.info.version} (linux)`);
  }

  #sendError({ res, method }: HttpContext, error: unknown): void {
    const { status, message } = toDockerError(error, this.#options.logger);
    if (status === 304 || method === "HEAD") sendEmpty(res, status);
    // Clients of that time expect no JSON in an error.
    else if (isGantryError(error) && error.code === "DockerApi.VersionTooOld") {
      sendText(res, status, `${message}\n`);
    } else sendJson(res, status, { message });
  }
}

function apiRoutes(options: DockerApiOptions): ApiRoute[] {
  const { engine, images, network, builder, buildkit, logger } = options;
  const clock = options.clock ?? systemClock;
  const plainly = ({ method, path, handle }: StreamRoute): ApiRoute => ({
    method,
    path,
    handle: (context) => handle(plainStreamRequest(context)),
  });
  return [
    ...systemRoutes({ engine, images, buildkit }, options.info, {
      clock,
      builderVersion: buildkit ? "2" : "1",
    }),
    ...containerRoutes(engine, clock, options.info.cgroupVersion === "2"),
    plainly(attachRoute(engine)),
    plainly(attachWebSocketRoute(engine)),
    ...execRoutes(engine, logger),
    ...commitRoutes({ engine, builder }),
    ...imageRoutes({ images, engine, builder }, clock, logger),
    ...buildRoutes({ builder, engine, buildkit }, logger),
    ...volumeRoutes(engine),
    ...networkRoutes({ network, engine }, clock),
    ...distributionRoutes(options.registry),
    ...swarmRoutes(),
  ];
}

function streamRoutes({ engine, buildkit, logger }: DockerApiOptions): StreamRoute[] {
  return [
    attachRoute(engine),
    attachWebSocketRoute(engine),
    execStartRoute(engine, logger),
    ...(buildkit ? buildkitRoutes(buildkit) : []),
  ];
}

/** Answers an upgrade request with an error and closes: what follows on the connection is not looked at. */
function refuseUpgrade(socket: Duplex, status: number, message: string): void {
  const body = `${JSON.stringify({ message })}\n`;
  socket.end(
    `HTTP/1.1 ${status} ${status === 404 ? "Not Found" : "Error"}\r\nApi-Version: ${API_VERSION}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  systemClock.after(1_000, () => socket.destroy(), { unref: true });
}
