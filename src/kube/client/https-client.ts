import http from "node:http";
import https from "node:https";
import { createInterface } from "node:readline";
import { checkServerIdentity } from "node:tls";
import { errorMessage, GantryError, readAll, systemClock } from "../../base/index.ts";
import { failureStatus, type KubeList, type KubeObject, type Status, StatusError } from "../api/index.ts";
import { deepFreeze } from "./deep-freeze.ts";
import { deleteOptions, withTypeMeta } from "./in-process-client.ts";
import { ServerConnections } from "./server-connections.ts";
import type {
  DeleteOptions,
  GetOptions,
  KubeClient,
  ListOptions,
  NewObject,
  PatchType,
  ResourceRef,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./types.ts";

export interface HttpsClientOptions {
  /** `https://host:port`; plain `http://` only for a server on the same machine. Several are used one after the other. */
  server: string | ServerConnections;
  /** PEM of the certificate authority that signed the server's certificate. */
  ca?: string;
  /** PEM of a client certificate and its key; or else a bearer token. */
  cert?: string;
  key?: string;
  /** Instead of these, asked for each new connection: after a change connections are made anew. */
  identity?: () => ClientIdentity;
  /** A name that the server's certificate may have instead of the one by which it is reached. */
  serverName?: string;
  /** A server that does not begin to answer for so long (but to a watch) counts as lost. Without it there is no limit. */
  answerTimeoutMs?: number;
  /** A function is asked anew for each request, so that a renewed token is taken up. */
  token?: string | (() => string | Promise<string>);
  userAgent?: string;
}

export interface ClientIdentity {
  cert: string;
  key: string;
}

/** A client over the wire, with connections kept alive. `close` ends the idle ones. */
export function createHttpsClient(options: HttpsClientOptions): KubeClient & { close(): void } {
  return new HttpsClient(options);
}

type QueryValue = string | number | boolean | undefined;
type Query = Record<string, QueryValue>;

interface Call {
  method: string;
  path: string;
  query?: Query;
  body?: unknown;
  contentType?: string;
  signal?: AbortSignal;
}

const KEEP_ALIVE_MS = 10_000;
const ANSWER_LIMIT_BYTES = 256 * 1024 * 1024;
const PATCH_CONTENT_TYPE: Record<PatchType, string> = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
};

class HttpsClient implements KubeClient {
  readonly #options: HttpsClientOptions;
  readonly #servers: ServerConnections;
  readonly #token: HttpsClientOptions["token"];
  readonly #userAgent: string;
  readonly #stop: () => void;
  #agent: { agent: http.Agent; cert: string | undefined } | undefined;

  constructor(options: HttpsClientOptions) {
    this.#options = options;
    const { server } = options;
    this.#servers = typeof server === "string" ? new ServerConnections([server]) : server;
    this.#token = options.token;
    this.#userAgent = options.userAgent ?? "gantry";
    this.#stop = this.#servers.onFailed(() => this.#disconnect());
  }

  untilAnswered(signal: AbortSignal): Promise<void> {
    return this.#servers.untilAnswered(signal);
  }

  close(): void {
    this.#stop();
    this.#disconnect();
  }

  #disconnect(): void {
    this.#agent?.agent.destroy();
    this.#agent = undefined;
  }

  /** Requests under way over connections of a former identity come to their end. */
  #connections({ protocol }: URL): http.Agent {
    const { ca, cert, key, identity, serverName } = this.#options;
    const own = identity?.() ?? { cert, key };
    if (this.#agent && this.#agent.cert === own.cert) return this.#agent.agent;
    const agent =
      protocol === "https:"
        ? new https.Agent({
            keepAlive: true,
            keepAliveMsecs: KEEP_ALIVE_MS,
            ca,
            cert: own.cert,
            key: own.key,
            checkServerIdentity: (host, certificate) => {
              const problem = checkServerIdentity(host, certificate);
              return problem && serverName !== undefined
                ? checkServerIdentity(serverName, certificate)
                : problem;
            },
          })
        : new http.Agent({ keepAlive: true });
    this.#agent = { agent, cert: own.cert };
    return agent;
  }

  get<T extends KubeObject>(
    resource: ResourceRef,
    namespace: string | undefined,
    name: string,
    { subresource, ...query }: GetOptions = {},
  ): Promise<T> {
    return this.#json<T>({ method: "GET", path: pathOf(resource, namespace, name, subresource), query });
  }

  async list<T extends KubeObject>(resource: ResourceRef, options: ListOptions = {}): Promise<KubeList<T>> {
    const { namespace, signal, ...query } = options;
    const path = pathOf(resource, namespace);
    const list = await this.#json<KubeList<T>>({ method: "GET", path, query, signal }, (value) => {
      // Items of built-in lists come without apiVersion and kind.
      const { apiVersion } = value;
      value.items = (value.items ?? []).map((item) =>
        Object.assign({ apiVersion, kind: resource.kind }, item),
      );
    });
    return list;
  }

  async *watch<T extends KubeObject>(
    resource: ResourceRef,
    options: WatchOptions = {},
  ): AsyncIterable<WatchEvent<T>> {
    const { namespace, signal, ...query } = options;
    const path = pathOf(resource, namespace);
    const response = await this.#open({ method: "GET", path, query: { ...query, watch: true }, signal });
    const failure = { error: undefined as unknown };
    response.on("error", (error) => {
      failure.error = error;
    });
    try {
      for await (const line of createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY })) {
        if (line.length === 0) continue;
        const event = JSON.parse(line) as { type: string; object: unknown };
        if (event.type === "ERROR") throw new StatusError(event.object as Status);
        yield deepFreeze(event) as WatchEvent<T>;
      }
    } finally {
      response.destroy();
    }
    if (failure.error !== undefined && !signal?.aborted) throw unavailable(failure.error);
  }

  create<T extends KubeObject>(
    resource: ResourceRef,
    object: NewObject<T>,
    options: WriteOptions = {},
  ): Promise<T> {
    const { subresource } = options;
    const { namespace, name } = object.metadata;
    const path = pathOf(resource, namespace, subresource === undefined ? undefined : name, subresource);
    return this.#json({
      method: "POST",
      path,
      query: writeQuery(options),
      body: withTypeMeta(resource, object, subresource),
    });
  }

  update<T extends KubeObject>(resource: ResourceRef, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name } = object.metadata;
    return this.#json({
      method: "PUT",
      path: pathOf(resource, namespace, name, options.subresource),
      query: writeQuery(options),
      body: withTypeMeta(resource, object, options.subresource),
    });
  }

  updateStatus<T extends KubeObject>(resource: ResourceRef, object: T): Promise<T> {
    return this.update(resource, object, { subresource: "status" });
  }

  patch<T extends KubeObject>(
    resource: ResourceRef,
    namespace: string | undefined,
    name: string,
    type: PatchType,
    body: unknown,
    options: WriteOptions = {},
  ): Promise<T> {
    return this.#json({
      method: "PATCH",
      path: pathOf(resource, namespace, name, options.subresource),
      query: writeQuery(options),
      body,
      contentType: PATCH_CONTENT_TYPE[type],
    });
  }

  async delete(
    resource: ResourceRef,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
  ): Promise<void> {
    await this.#json({
      method: "DELETE",
      path: pathOf(resource, namespace, name),
      body: deleteOptions(options),
    });
  }

  async deleteCollection(resource: ResourceRef, options: ListOptions & DeleteOptions): Promise<void> {
    const { namespace, signal, dryRun, gracePeriodSeconds, propagationPolicy, preconditions, ...query } =
      options;
    await this.#json({
      method: "DELETE",
      path: pathOf(resource, namespace),
      query,
      body: deleteOptions({ dryRun, gracePeriodSeconds, propagationPolicy, preconditions }),
      signal,
    });
  }

  createSubresource(
    resource: ResourceRef,
    namespace: string,
    name: string,
    subresource: string,
    body: object,
  ): Promise<KubeObject> {
    return this.#json({ method: "POST", path: pathOf(resource, namespace, name, subresource), body });
  }

  async #json<T = KubeObject>(call: Call, complete?: (value: T) => void): Promise<T> {
    const response = await this.#open(call);
    const text = (await readAll(response, ANSWER_LIMIT_BYTES)).toString("utf8");
    const value = JSON.parse(text) as T;
    complete?.(value);
    return deepFreeze(value);
  }

  /** Sends the call and resolves with the answer's head; a refusal throws the Status that came with it. */
  async #open(call: Call): Promise<http.IncomingMessage> {
    const headers: http.OutgoingHttpHeaders = { accept: "application/json", "user-agent": this.#userAgent };
    const token = typeof this.#token === "function" ? await this.#token() : this.#token;
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
    if (body) {
      headers["content-type"] = call.contentType ?? "application/json";
      headers["content-length"] = body.length;
    }
    const server = this.#servers.current;
    const url = new URL(call.path + queryText(call.query), server);
    const send = (url.protocol === "https:" ? https.request : http.request) as typeof http.request;
    const { answerTimeoutMs } = this.#options;
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const request = send(url, {
        method: call.method,
        headers,
        agent: this.#connections(url),
        signal: call.signal,
      });
      const cancel =
        answerTimeoutMs === undefined
          ? () => {}
          : systemClock.after(answerTimeoutMs, () => request.destroy(new Error("no answer in time")), {
              unref: true,
            });
      request.on("response", (answer) => {
        cancel();
        this.#servers.answered();
        resolve(answer);
      });
      request.on("error", (error) => {
        cancel();
        if (call.signal?.aborted) return reject(canceled(error));
        this.#servers.failed(server);
        reject(unavailable(error));
      });
      request.end(body);
    });
    if ((response.statusCode ?? 500) >= 300) throw await refusal(response);
    return response;
  }
}

function pathOf(resource: ResourceRef, namespace?: string, name?: string, subresource?: string): string {
  const root =
    resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const inNamespace = namespace && resource.namespaced ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  const rest = [resource.resource, name, subresource]
    .filter((segment) => segment !== undefined)
    .map((segment) => encodeURIComponent(segment))
    .join("/");
  return `${root}${inNamespace}/${rest}`;
}

function queryText(query: Query = {}): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  if (pairs.length === 0) return "";
  return `?${new URLSearchParams(pairs.map(([key, value]): [string, string] => [key, String(value)]))}`;
}

function writeQuery(options: WriteOptions): Query {
  const { fieldManager, dryRun, force } = options;
  return { fieldManager, dryRun: dryRun ? "All" : undefined, force };
}

async function refusal(response: http.IncomingMessage): Promise<StatusError> {
  const text = (await readAll(response, ANSWER_LIMIT_BYTES)).toString("utf8");
  try {
    const status = JSON.parse(text) as Status;
    if (status.kind === "Status") return new StatusError(status);
  } catch {
    // Not from an API server (a proxy's page, say): told below with its code.
  }
  const code = response.statusCode ?? 500;
  return new StatusError(failureStatus(code, "Unknown", text.slice(0, 500) || `HTTP status ${code}`));
}

function unavailable(error: unknown): GantryError {
  return new GantryError("Unavailable", `the API server cannot be reached: ${errorMessage(error)}`, {
    code: "Kubernetes.Unreachable",
    cause: error,
  });
}

function canceled(error: unknown): GantryError {
  return new GantryError("Canceled", "the operation was canceled", { cause: error });
}
