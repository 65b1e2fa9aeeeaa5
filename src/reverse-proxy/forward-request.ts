import {
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestOptions,
  request as requestHttp,
} from "node:http";
import { request as requestHttps } from "node:https";
import { pipeline } from "node:stream/promises";
import { type Cancel, type Clock, GantryError } from "../base/index.ts";
import { bodyStream, type HttpContext } from "../http/index.ts";
import { BodyLimit } from "./body-limit.ts";
import { CONNECT_MS, type EndpointPool, type EndpointState } from "./endpoint-pool.ts";

/** One request as an endpoint shall get it. */
export interface Outgoing {
  ctx: HttpContext;
  pool: EndpointPool;
  endpoint: EndpointState;
  path: string;
  headers: OutgoingHttpHeaders;
  /** Not over a connection that has waited. */
  isFresh: boolean;
  /** Whether the client sends a body with it. */
  hasBody: boolean;
  maxBodyBytes: number | undefined;
  connectMs: number | undefined;
  /** To the head of the answer. */
  answerMs: number | undefined;
  /** Calls once, when nobody waits for the answer any more; at once where that is so already. Returns the way to stop. */
  onGivenUp(stop: () => void): () => void;
}

/**
 * What came of a try. `untouched`: the endpoint has seen nothing of the request; `lost`: it may have, and the connection is gone;
 * `stale`: the same of a connection that had waited for a request; `late`: it has not answered in time.
 */
export type Attempt =
  | { kind: "answer"; answer: IncomingMessage }
  | { kind: "untouched" | "lost" | "stale" | "late"; problem: string };

/** Asks one endpoint over HTTP/1.1. Resolves with the answer's head, or with why there is none; throws what is the client's fault. */
export function askEndpoint(outgoing: Outgoing, clock: Clock): Promise<Attempt> {
  const { ctx, pool, endpoint, path, headers, hasBody, isFresh } = outgoing;
  const { agent, backend } = pool;
  const options: RequestOptions = {
    host: endpoint.address,
    port: endpoint.port,
    method: ctx.method,
    path,
    headers,
    setHost: false,
    // A connection that waited may be closed by the endpoint at this moment: only what may be asked twice goes over one.
    ...(isFresh || !isRepeatable(ctx.method, hasBody) ? { agent: false, ...pool.tlsOptions } : { agent }),
  };
  return new Promise<Attempt>((resolve, reject) => {
    const request = (backend.tls ? requestHttps : requestHttp)(options);
    let isConnected = false;
    let isLate = false;
    let cancelTimer: Cancel = () => {};
    const giveUpAfter = (ms: number | undefined) => {
      cancelTimer();
      cancelTimer =
        ms === undefined
          ? () => {}
          : clock.after(ms, () => {
              isLate = true;
              request.destroy();
            });
    };
    const forget = outgoing.onGivenUp(() => request.destroy());
    const settle = (attempt: Attempt) => {
      cancelTimer();
      forget();
      resolve(attempt);
    };
    const connected = () => {
      isConnected = true;
      giveUpAfter(outgoing.answerMs);
      if (hasBody) sendBody();
    };
    const sendBody = () => {
      const limit = new BodyLimit(outgoing.maxBodyBytes);
      pipeline(bodyStream(ctx.req), limit, request).catch((error) => {
        if (!(error instanceof GantryError)) return;
        reject(error);
        request.destroy();
      });
    };
    request.on("socket", (socket) => {
      if (!socket.connecting) {
        connected();
        return;
      }
      giveUpAfter(outgoing.connectMs ?? CONNECT_MS);
      socket.once(backend.tls ? "secureConnect" : "connect", connected);
    });
    request.on("response", (answer) => {
      // From here on the client's going ends the answer's pipeline.
      settle({ kind: "answer", answer });
    });
    request.on("error", (error) => {
      const problem = isLate ? (isConnected ? "no answer in time" : "no connection in time") : error.message;
      settle({ kind: failureOf(request, isConnected, isLate), problem });
    });
    if (!hasBody) request.end();
  });
}

function failureOf(request: ClientRequest, isConnected: boolean, isLate: boolean) {
  if (!isConnected) return "untouched";
  if (isLate) return "late";
  return request.reusedSocket ? "stale" : "lost";
}

/** Whether a request does the same twice as once, and can be sent again (RFC 9110 §9.2.2). */
export function isRepeatable(method: string, hasBody: boolean): boolean {
  return !hasBody && ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"].includes(method);
}
