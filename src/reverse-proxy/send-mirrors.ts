import { type OutgoingHttpHeaders, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { EndpointPool } from "./endpoint-pool.ts";

const MIRROR_MS = 10_000;
/** A backend that is slower than its copies come misses some. */
const MAX_IN_FLIGHT = 256;
let inFlight = 0;

/** Sends copies of a request, without its body, and drops the answers: nobody waits for them, and nobody hears of their failures. */
export function sendMirrors(
  backends: readonly string[],
  poolOf: (name: string) => EndpointPool | undefined,
  { method, path, headers }: { method: string; path: string; headers: OutgoingHttpHeaders },
): void {
  const { "content-length": _, "transfer-encoding": __, ...more } = headers;
  for (const backend of backends) {
    const pool = poolOf(backend);
    const endpoint = pool?.pick(new Set(), 0);
    if (!pool || !endpoint || inFlight >= MAX_IN_FLIGHT) continue;
    inFlight++;
    const copy = (pool.backend.tls ? requestHttps : requestHttp)({
      host: endpoint.address,
      port: endpoint.port,
      method,
      path,
      headers: more,
      setHost: false,
      agent: pool.agent,
      timeout: MIRROR_MS,
    });
    copy.on("response", (answer) => answer.resume());
    copy.on("timeout", () => copy.destroy());
    copy.on("error", () => {});
    copy.on("close", () => inFlight--);
    copy.end();
  }
}
