import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from "node:http2";
import type { Clock } from "../base/index.ts";
import type { RequestBody } from "../http/index.ts";
import { BodyLimit } from "./body-limit.ts";
import { CONNECT_MS } from "./endpoint-pool.ts";
import type { Outgoing } from "./forward-request.ts";
import { answeredHeaders } from "./forwarded-headers.ts";
import { passBody } from "./pass-body.ts";

/**
 * Passes a request on over HTTP/2, with what follows the answer's body: gRPC tells there how a call has ended. Resolves with the
 * status when the answer has been passed on; `untouched` where the endpoint has seen nothing of the request, `lost` where it may have.
 */
export async function forwardOverHttp2(
  outgoing: Outgoing,
  clock: Clock,
  decorate: (headers: ReturnType<typeof answeredHeaders>) => void,
): Promise<number | "untouched" | "lost" | "late"> {
  const { asked, pool, endpoint, path, headers, onGivenUp } = outgoing;
  const { connectMs = CONNECT_MS, answerMs, maxBodyBytes } = outgoing;
  const session = pool.session(endpoint);
  if (session.connecting && (await inTime(isConnected(session), connectMs, clock)) !== true)
    return "untouched";
  const { host, "transfer-encoding": _, ...rest } = headers;
  const stream = session.request({
    ...rest,
    te: "trailers",
    ":method": asked.method,
    ":path": path,
    ":scheme": pool.backend.tls ? "https" : "http",
    ":authority": String(host ?? endpoint.key),
  });
  const forget = onGivenUp(() => stream.close());
  try {
    const badBody = Promise.withResolvers<never>();
    badBody.promise.catch(() => {});
    if (asked.body) sendBody(asked.body, new BodyLimit(maxBodyBytes), stream, badBody.reject);
    else stream.end();
    const head = Promise.race([headOf(stream), badBody.promise]);
    const answered = await (answerMs === undefined ? head : inTime(head, answerMs, clock));
    if (answered === "late") {
      stream.close(constants.NGHTTP2_CANCEL);
      return "late";
    }
    if (!answered) return "lost";
    const status = answered[":status"] ?? 502;
    const own = answeredHeaders(answered);
    decorate(own);
    const { sink } = asked;
    sink.expectTrailers?.();
    stream.on("trailers", (trailers) => sink.addTrailers(answeredHeaders(trailers)));
    sink.writeHead(status, own);
    sink.flushHeaders();
    await passBody(stream, sink);
    return status;
  } finally {
    forget();
  }
}

/** `refuse` is told when the body is cut, or larger than is allowed. */
function sendBody(
  body: RequestBody,
  limit: BodyLimit,
  stream: ClientHttp2Stream,
  refuse: (error: unknown) => void,
): void {
  const fail = (error: unknown) => {
    refuse(error);
    stream.close(constants.NGHTTP2_CANCEL);
  };
  stream.on("drain", () => body.resume());
  body.start({
    take: (piece) => {
      if (stream.destroyed || stream.writableEnded) return;
      try {
        limit.count(piece);
      } catch (error) {
        fail(error);
        return;
      }
      if (!stream.write(piece)) body.pause();
    },
    end: () => stream.end(),
    fail,
  });
}

async function inTime<T>(work: Promise<T>, ms: number, clock: Clock): Promise<T | "late" | undefined> {
  const over = new AbortController();
  try {
    return await Promise.race([
      work,
      clock.sleep(ms, over.signal).then(
        () => "late" as const,
        () => undefined,
      ),
    ]);
  } finally {
    over.abort();
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
