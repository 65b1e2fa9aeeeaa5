import type { Logger } from "../base/index.ts";
import type { PlatformStatus } from "../cli/index.ts";
import { type HttpServer, Router, sendJson, startHttpServer } from "../http/index.ts";

export interface ControlBackend {
  status(): Promise<PlatformStatus>;
  /** Begins to stop; returns at once. */
  stop(options: { keepContainers: boolean }): void;
}

/** The socket through which `gantry status` and `gantry down` talk to the running program. */
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
    });
  return startHttpServer({
    listen: { socketPath, mode: 0o600 },
    logger,
    handler: async (ctx) => {
      const match = router.match(ctx.method, ctx.path);
      if (!match || "allowed" in match)
        sendJson(ctx.res, 404, { message: `there is no ${ctx.method} ${ctx.path}` });
      else await match.handler(ctx);
    },
    onError: (ctx, error) => {
      logger.error("control request failed", { path: ctx.path, error });
      sendJson(ctx.res, 500, { message: String(error) });
    },
  });
}
