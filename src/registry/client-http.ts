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
import { isLoopbackHost } from "./loopback-host.ts";
import { type RegistryCertificates, readRegistryCertificates } from "./registry-certificates.ts";

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

/** As dockerd's; podman and containerd look there, too. */
const CERTS_DIR = "/etc/docker/certs.d";
const POOL = { keepAlive: true, maxSockets: 16 };

export interface ConnectionSettings {
  /** Has a directory of certificates for each registry that has its own. */
  certsDir?: string;
  /** HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in either case. */
  environment?: NodeJS.ProcessEnv;
}

/** Connections to registries, kept open between requests; through the proxies of the environment, but for this machine. */
export class HttpConnections {
  readonly #certsDir: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #agents = new Map<string, HttpAgent | HttpsAgent>();

  constructor({ certsDir = CERTS_DIR, environment = process.env }: ConnectionSettings = {}) {
    this.#certsDir = certsDir;
    this.#environment = environment;
  }

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

  #agentFor({ url, insecure = false }: HttpRequest): HttpAgent | HttpsAgent {
    const isLocal = isLoopbackHost(url.hostname);
    const certificates = url.protocol === "https:" ? this.#certificatesOf(url) : undefined;
    // By what stands in them: certificates may be renewed while the program runs.
    const key = JSON.stringify([url.protocol, isLocal, insecure, certificates]);
    let agent = this.#agents.get(key);
    if (!agent) {
      const options = { ...POOL, ...(isLocal ? {} : { proxyEnv: this.#environment }) };
      agent =
        url.protocol === "http:"
          ? new HttpAgent(options)
          : new HttpsAgent({ ...options, ...trust(insecure, certificates) });
      this.#agents.set(key, agent);
    }
    return agent;
  }

  /** A registry at the usual port is named with it, or without. */
  #certificatesOf({ host, hostname, port }: URL): RegistryCertificates | undefined {
    const found = readRegistryCertificates(this.#certsDir, host);
    return found ?? (port === "" ? readRegistryCertificates(this.#certsDir, `${hostname}:443`) : undefined);
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }
}

function trust(insecure: boolean, certificates: RegistryCertificates | undefined) {
  const { ca = [], pairs = [] } = certificates ?? {};
  const own =
    pairs.length > 0 ? { cert: pairs.map(({ cert }) => cert), key: pairs.map(({ key }) => key) } : {};
  if (insecure) return { ...own, rejectUnauthorized: false };
  // The machine's own trust store counts, as it does for other container tools.
  return { ...own, ca: [...getCACertificates("default"), ...getCACertificates("system"), ...ca] };
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
