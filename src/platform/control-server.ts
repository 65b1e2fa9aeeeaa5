import { isGantryError, type Logger, notFound } from "../base/index.ts";
import { controlFailure, type PlatformStatus } from "../cli/index.ts";
import { type HttpServer, Router, sendJson, startHttpServer } from "../http/index.ts";

export interface ControlBackend {
  status(): Promise<PlatformStatus>;
  /** Begins to stop; returns at once. */
  stop(options: { keepContainers: boolean }): void;
  /** See `runStoreOperation`. */
  operateStore(name: string, parameters: URLSearchParams): Promise<object>;
}

/** The socket through which `gantry status`, `down` and `store` talk to the running program. */
export function startControlServer(
  socketPath: string,
  backend: ControlBackend,
  logger: Logger,
): Promise<HttpServer> {
  const router = new Router()
    .add("GET", "/status", async ({ res }) => sendJson(res, 200, await backend.status()))
    .add("POST", "/down", ({ res, query }) => {
      sendJson(res, 202, { pid: process.pid });
      backend.stop({ keepContainers: query.get("keep-containers") === "true" });
    })
    .add("POST", "/store/:operation", async ({ res, query, params }) =>
      sendJson(res, 200, await backend.operateStore(params.operation ?? "", query)),
    );
  return startHttpServer({
    listen: { socketPath, mode: 0o600 },
    logger,
    handler: async (ctx) => {
      const match = router.match(ctx.method, ctx.path);
      if (!match || "allowed" in match) throw notFound(`there is no ${ctx.method} ${ctx.path}`);
      ctx.params = match.params;
      await match.handler(ctx);
    },
    onError: (ctx, error) => {
      const failure = controlFailure(error);
      if (isGantryError(error))
        logger.warn("control request failed", { path: ctx.path, error: error.message });
      else logger.error("control request failed", { path: ctx.path, error });
      sendJson(ctx.res, 500, failure);
    },
  });
}
