import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Readable } from "node:stream";
import { finished } from "node:stream";
import { getCACertificates } from "node:tls";
import { networkError } from "./client-errors.ts";

export type RequestBody = Uint8Array | AsyncIterable<Uint8Array> | Readable;

export interface HttpRequest {
  method: string;
  url: URL;
  headers?: Record<string, string>;
  body?: RequestBody;
  /** Do not verify the server's certificate. */
  insecure?: boolean;
  signal?: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Has to be read or destroyed. */
  body: IncomingMessage;
  /** Where it came from in the end. */
  url: URL;
}

/** Nothing may move for this long. */
const IDLE_TIMEOUT_MS = 60_000;

/** Connections to registries, kept open between requests. */
export class HttpConnections {
  readonly #plain = new HttpAgent({ keepAlive: true, maxSockets: 16 });
  #tls: HttpsAgent | undefined;
  #insecureTls: HttpsAgent | undefined;

  /** Sends one request; redirects are the caller's affair. Errors read as Docker's. */
  send(request: HttpRequest): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const { url, method, headers = {}, body, signal } = request;
      const options = { method, headers, signal, agent: this.#agentFor(request), timeout: IDLE_TIMEOUT_MS };
      const req = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, options);
      let answered = false;
      const fail = (error: Error) => {
        if (!answered) reject(networkError(error, method, url, signal));
      };
      req.on("timeout", () => req.destroy(Object.assign(new Error("i/o timeout"), { code: "ETIMEDOUT" })));
      req.on("error", fail);
      req.on("response", (answer) => {
        answered = true;
        resolve({ status: answer.statusCode!, headers: answer.headers, body: answer, url });
      });
      sendBody(req, body, fail);
    });
  }

  #agentFor({ url, insecure }: HttpRequest): HttpAgent | HttpsAgent {
    if (url.protocol === "http:") return this.#plain;
    if (insecure) {
      this.#insecureTls ??= new HttpsAgent({ keepAlive: true, maxSockets: 16, rejectUnauthorized: false });
      return this.#insecureTls;
    }
    // The machine's own trust store counts, as it does for other container tools.
    const ca = () => [...getCACertificates("default"), ...getCACertificates("system")];
    this.#tls ??= new HttpsAgent({ keepAlive: true, maxSockets: 16, ca: ca() });
    return this.#tls;
  }

  close(): void {
    this.#plain.destroy();
    this.#tls?.destroy();
    this.#insecureTls?.destroy();
  }
}

type Outgoing = ReturnType<typeof httpRequest>;

function sendBody(req: Outgoing, body: RequestBody | undefined, fail: (error: Error) => void): void {
  if (body === undefined || body instanceof Uint8Array) {
    req.end(body);
    return;
  }
  pump(req, body).catch((error: Error) => {
    // What made the body has failed: that is the reason, not the connection that is cut because of it.
    fail(error);
    req.destroy();
  });
}

async function pump(req: Outgoing, body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of body) {
    if (req.destroyed || req.writableEnded) return;
    if (!req.write(chunk)) await drained(req);
  }
  req.end();
}

function drained(req: Outgoing): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      req.off("drain", done);
      cleanUp();
      resolve();
    };
    const cleanUp = finished(req, { readable: false }, done);
    req.on("drain", done);
  });
}

/** Reads a short body to its end; what is beyond the limit is not looked at. */
export async function readShort(body: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > limitBytes) break;
    }
  } catch {
    // An answer that breaks off is judged by what arrived.
  }
  body.destroy();
  return Buffer.concat(chunks);
}

/** Lets the connection be used again. */
export async function discard(answer: HttpAnswer): Promise<void> {
  answer.body.resume();
  await new Promise<void>((resolve) => finished(answer.body, () => resolve()));
}
