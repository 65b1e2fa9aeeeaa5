import type { OutgoingHttpHeaders } from "node:http";
import type { Cancel, Clock } from "../base/index.ts";
import { headText } from "../http/index.ts";
import type { Asked } from "./asked.ts";
import { BodyLimit } from "./body-limit.ts";
import type { EndpointAnswer } from "./endpoint-answer.ts";
import type { EndpointConnection } from "./endpoint-connection.ts";
import { CONNECT_MS, type EndpointPool, type EndpointState } from "./endpoint-pool.ts";

/** One request as an endpoint shall get it. */
export interface Outgoing {
  asked: Asked;
  pool: EndpointPool;
  endpoint: EndpointState;
  path: string;
  headers: OutgoingHttpHeaders;
  /** Not over a connection that has waited. */
  isFresh: boolean;
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
  | { kind: "answer"; answer: EndpointAnswer }
  | { kind: "untouched" | "lost" | "stale" | "late"; problem: string };

/** Asks one endpoint over HTTP/1.1. Resolves with the answer's head, or with why there is none; throws what is the client's fault. */
export function askEndpoint(outgoing: Outgoing, clock: Clock): Promise<Attempt> {
  const { asked, pool, endpoint, isFresh } = outgoing;
  const { method, body } = asked;
  // A connection that waited may be closed by the endpoint at this moment: only what may be asked twice goes over one.
  const connection = pool.connection(endpoint, isFresh || !isRepeatable(method, body !== undefined));
  return new Promise<Attempt>((resolve, reject) => {
    let isLate = false;
    let cancelTimer: Cancel | undefined;
    const giveUpAfter = (ms: number | undefined) => {
      cancelTimer?.();
      cancelTimer =
        ms === undefined
          ? undefined
          : clock.after(ms, () => {
              isLate = true;
              connection.destroy();
            });
    };
    const forget = outgoing.onGivenUp(() => connection.destroy());
    const settle = (attempt: Attempt) => {
      cancelTimer?.();
      forget();
      resolve(attempt);
    };
    connection.listen(method, {
      // From here on the client's going ends the answer's passing.
      answered: (answer) => settle({ kind: "answer", answer }),
      failed: (problem) => settle(failureOf(connection, problem, isLate)),
    });
    const send = () => {
      giveUpAfter(outgoing.answerMs);
      try {
        const isChunked = sendHead(connection, outgoing);
        if (body) sendBody(connection, outgoing, isChunked, reject);
      } catch (error) {
        reject(error);
        connection.destroy();
      }
    };
    if (connection.isConnected) send();
    else {
      giveUpAfter(outgoing.connectMs ?? CONNECT_MS);
      connection.whenConnected(send);
    }
  });
}

/** Whether the body goes in chunks. */
function sendHead(connection: EndpointConnection, { asked, path, headers }: Outgoing): boolean {
  const { method, body } = asked;
  const isChunked = body !== undefined && headers["content-length"] === undefined;
  const all = isChunked ? { ...headers, "transfer-encoding": "chunked" } : headers;
  connection.send(headText(`${method} ${path} HTTP/1.1`, all), body !== undefined);
  return isChunked;
}

function sendBody(
  connection: EndpointConnection,
  { asked, maxBodyBytes }: Outgoing,
  isChunked: boolean,
  refuse: (error: unknown) => void,
): void {
  const body = asked.body!;
  const limit = new BodyLimit(maxBodyBytes);
  const fail = (error: unknown) => {
    refuse(error);
    connection.destroy();
  };
  connection.onDrain = () => body.resume();
  body.start({
    take: (piece) => {
      try {
        limit.count(piece);
      } catch (error) {
        fail(error);
        return;
      }
      if (piece.length > 0 && !connection.write(piece, isChunked)) body.pause();
    },
    end: () => connection.endBody(isChunked),
    fail,
  });
}

function failureOf(connection: EndpointConnection, problem: string, isLate: boolean): Attempt {
  if (!connection.isConnected)
    return { kind: "untouched", problem: isLate ? "no connection in time" : problem };
  if (isLate) return { kind: "late", problem: "no answer in time" };
  return { kind: connection.isReused ? "stale" : "lost", problem };
}

/** Whether a request does the same twice as once, and can be sent again (RFC 9110 §9.2.2). */
export function isRepeatable(method: string, hasBody: boolean): boolean {
  return !hasBody && REPEATABLE.has(method);
}

const REPEATABLE = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);
