import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  IncomingHttpStatusHeader,
} from "node:http2";
import { pipeline } from "node:stream/promises";
import { bodyStream } from "../http/index.ts";
import type { Outgoing } from "./forward-request.ts";
import { answeredHeaders } from "./forwarded-headers.ts";

/**
 * Passes a request on over HTTP/2, with what follows the answer's body: gRPC tells there how a call has ended. Resolves with the
 * status when the answer has been passed on; `untouched` where the endpoint has seen nothing of the request, `lost` where it may have.
 */
export async function forwardOverHttp2(
  { ctx, pool, endpoint, path, headers, onGivenUp }: Outgoing,
  decorate: (headers: ReturnType<typeof answeredHeaders>) => void,
): Promise<number | "untouched" | "lost"> {
  const session = pool.session(endpoint);
  if (session.connecting && !(await isConnected(session))) return "untouched";
  const { host, "transfer-encoding": _, ...rest } = headers;
  const stream = session.request({
    ...rest,
    te: "trailers",
    ":method": ctx.method,
    ":path": path,
    ":scheme": pool.backend.tls ? "https" : "http",
    ":authority": String(host ?? endpoint.key),
  });
  const forget = onGivenUp(() => stream.close());
  try {
    const head = headOf(stream);
    pipeline(bodyStream(ctx.req), stream).catch(() => {});
    const answered = await head;
    if (!answered) return "lost";
    const status = answered[":status"] ?? 502;
    const own = answeredHeaders(answered);
    decorate(own);
    const { res } = ctx;
    res.expectTrailers?.();
    stream.on("trailers", (trailers) => res.addTrailers(answeredHeaders(trailers)));
    res.writeHead(status, own);
    res.flushHeaders();
    await pipeline(stream, res).catch(() => res.destroy());
    return status;
  } finally {
    forget();
  }
}

function isConnected(session: ClientHttp2Session): Promise<boolean> {
  return new Promise((resolve) => {
    session.once("connect", () => resolve(true));
    session.once("close", () => resolve(false));
  });
}

function headOf(
  stream: ClientHttp2Stream,
): Promise<(IncomingHttpHeaders & IncomingHttpStatusHeader) | undefined> {
  return new Promise((resolve) => {
    stream.on("response", resolve);
    stream.on("error", () => resolve(undefined));
    stream.on("close", () => resolve(undefined));
  });
}
