import { type Clock, errorMessage, type Logger, type ServiceContext } from "../../../base/index.ts";
import {
  type HttpContext,
  type HttpServer,
  sendBytes,
  sendText,
  startHttpServer,
} from "../../../http/index.ts";
import type { ProxyHealth, ProxyHealthReport } from "./proxy-health.ts";

/** kube-proxy's `--healthz-bind-address`. */
export const HEALTH_PORT = 10256;
const RETRY_MS = 5000;

export interface HealthPortOptions {
  health: Pick<ProxyHealth, "live" | "ready">;
  port: number;
  logger: Logger;
  clock: Pick<Clock, "sleep">;
}

/**
 * Serves the proxy's `/healthz` and `/livez` until the signal aborts. As upstream's it goes without where another program has the
 * port, and tries again.
 */
export async function serveHealthPort(
  options: HealthPortOptions,
  { signal }: Pick<ServiceContext, "signal">,
) {
  const { port, logger, clock } = options;
  let hasTold = false;
  while (!signal.aborted) {
    try {
      const server = await startHttpServer({ listen: { port }, handler: answerOf(options), logger });
      await untilAborted(signal, server);
    } catch (error) {
      if (!hasTold) logger.warn("the proxy's /healthz is not served", { error: errorMessage(error) });
      hasTold = true;
      await clock.sleep(RETRY_MS, signal).catch(() => {});
    }
  }
}

function answerOf({ health }: HealthPortOptions): (ctx: HttpContext) => void {
  return ({ path, res }) => {
    if (path === "/healthz") sendReport(res, health.ready());
    else if (path === "/livez") sendReport(res, health.live());
    else sendText(res, 404, "404 page not found\n", { "x-content-type-options": "nosniff" });
  };
}

function sendReport(res: HttpContext["res"], { isHealthy, body }: ProxyHealthReport): void {
  const bytes = Buffer.from(JSON.stringify(body));
  sendBytes(res, isHealthy ? 200 : 503, "application/json", bytes, { "x-content-type-options": "nosniff" });
}

async function untilAborted(signal: AbortSignal, server: HttpServer): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await server.close();
}
