import { Agent, type ClientRequest, type IncomingMessage, type RequestOptions, request } from "node:http";
import type { Duplex, Readable } from "node:stream";
import { type ErrorKind, errnoCode, GantryError, readAll } from "../../base/index.ts";

/** Where an engine listens. */
export type DockerEndpoint = { socketPath: string } | { host: string; port: number };

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface DockerRequest {
  query?: Query;
  body?: unknown;
  /** Sent as it comes, instead of `body`. */
  stream?: Readable;
  headers?: Record<string, string | string[]>;
  signal?: AbortSignal;
}

/** The newest version of the API that this client knows; an older engine's is taken. */
const NEWEST: readonly [number, number] = [1, 51];
const MAX_ANSWER_BYTES = 256 * 2 ** 20;

const KINDS: Record<number, ErrorKind> = {
  400: "InvalidArgument",
  401: "Unauthenticated",
  403: "PermissionDenied",
  404: "NotFound",
  409: "Conflict",
  501: "NotImplemented",
  503: "Unavailable",
};

/** A small client of Docker's API: as much of HTTP as Compose needs of it. */
export class DockerClient {
  readonly #endpoint: DockerEndpoint;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  #version: Promise<string> | undefined;

  constructor(endpoint: DockerEndpoint) {
    this.#endpoint = endpoint;
  }

  get address(): string {
    const place = this.#endpoint;
    return "socketPath" in place ? `unix://${place.socketPath}` : `tcp://${place.host}:${place.port}`;
  }

  /** `1.51`: the version that both sides know. */
  version(): Promise<string> {
    this.#version ??= this.#negotiate();
    return this.#version;
  }

  async get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
    return this.#json<T>("GET", path, { query, signal });
  }

  async post<T = undefined>(path: string, about: DockerRequest = {}): Promise<T> {
    return this.#json<T>("POST", path, about);
  }

  async delete(path: string, query?: Query): Promise<void> {
    await this.#json("DELETE", path, { query });
  }

  async put(path: string, about: DockerRequest): Promise<void> {
    await this.#json("PUT", path, about);
  }

  /** The answer as it comes. */
  async stream(method: "GET" | "POST", path: string, about: DockerRequest = {}): Promise<IncomingMessage> {
    return this.#send(method, await this.#path(path, about.query), about);
  }

  /** A connection that is both ways from then on (attach, exec). */
  async hijack(path: string, about: DockerRequest = {}): Promise<Duplex> {
    const target = await this.#path(path, about.query);
    return new Promise((resolve, reject) => {
      const headers = { Connection: "Upgrade", Upgrade: "tcp" };
      const message = this.#open(
        "POST",
        target,
        { ...about, headers: { ...headers, ...about.headers } },
        false,
      );
      message.on("upgrade", (_response, socket, head) => {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      });
      message.on("response", (response) => failureOf(response).then(reject, reject));
      message.on("error", (error) => reject(this.#unreachable(error)));
      message.end(about.body === undefined ? undefined : JSON.stringify(about.body));
    });
  }

  async #negotiate(): Promise<string> {
    const response = await this.#send("GET", "/_ping", {});
    response.resume();
    const [major = 1, minor = 24] = String(response.headers["api-version"] ?? "1.24")
      .split(".")
      .map(Number);
    return major === NEWEST[0] && minor > NEWEST[1] ? NEWEST.join(".") : `${major}.${minor}`;
  }

  async #path(path: string, query: Query = {}): Promise<string> {
    const parameters = new URLSearchParams();
    for (const [key, value] of Object.entries(query))
      if (value !== undefined) parameters.set(key, String(value));
    const text = parameters.toString();
    return `/v${await this.version()}${path}${text === "" ? "" : `?${text}`}`;
  }

  async #json<T>(method: string, path: string, about: DockerRequest): Promise<T> {
    const response = await this.#send(method, await this.#path(path, about.query), about);
    const body = await readAll(response, MAX_ANSWER_BYTES);
    const isJson = body.length > 0 && String(response.headers["content-type"] ?? "").includes("json");
    return (isJson ? JSON.parse(body.toString("utf8")) : undefined) as T;
  }

  #send(method: string, target: string, about: DockerRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const message = this.#open(method, target, about, true);
      message.on("response", (response) => {
        if ((response.statusCode ?? 500) < 400) resolve(response);
        else failureOf(response).then(reject, reject);
      });
      message.on("error", (error) => reject(this.#unreachable(error)));
      if (about.stream) {
        about.stream.on("error", (error) => message.destroy(error));
        about.stream.pipe(message);
      } else message.end(about.body === undefined ? undefined : JSON.stringify(about.body));
    });
  }

  #open(method: string, path: string, about: DockerRequest, reuse: boolean): ClientRequest {
    const headers: Record<string, string | string[]> = {
      Host: "docker",
      "User-Agent": "gantry-compose",
      ...about.headers,
    };
    if (about.body !== undefined) headers["Content-Type"] ??= "application/json";
    const options: RequestOptions = {
      ...this.#endpoint,
      method,
      path,
      headers,
      // What streams or is upgraded keeps its connection.
      agent: reuse ? this.#agent : false,
      ...(about.signal ? { signal: about.signal } : {}),
    };
    return request(options);
  }

  #unreachable(error: Error): Error {
    const code = errnoCode(error);
    if (code !== "ENOENT" && code !== "ECONNREFUSED" && code !== "EACCES") return error;
    const why = code === "EACCES" ? "permission denied" : "Is the docker daemon running?";
    return new GantryError("Unavailable", `Cannot connect to the Docker daemon at ${this.address}. ${why}`, {
      code: "Compose.NoEngine",
      hint: "start one with: gantry up",
      cause: error,
    });
  }
}

async function failureOf(response: IncomingMessage): Promise<GantryError> {
  const status = response.statusCode ?? 500;
  const text = (await readAll(response, MAX_ANSWER_BYTES)).toString("utf8");
  let message = text.trim();
  try {
    message = (JSON.parse(text) as { message?: string }).message ?? message;
  } catch {
    // An answer that is no JSON is its own message.
  }
  return new GantryError(KINDS[status] ?? "Internal", `Error response from daemon: ${message}`, {
    code: "Compose.Engine",
    details: { status },
  });
}
