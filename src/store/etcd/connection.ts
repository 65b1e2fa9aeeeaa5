import { type ClientDuplexStream, Metadata, type ServiceError } from "@grpc/grpc-js";
import { backoffMs, type Clock } from "../../base/index.ts";
import { protobuf } from "../../formats/index.ts";
import { closed } from "../errors.ts";
import { type Endpoint, EndpointPool, type EtcdTls } from "./endpoint-pool.ts";
import {
  AUTH_NOT_ENABLED,
  etcdError,
  isAboutRequest,
  isEtcdFailure,
  isRefused,
  isStaleToken,
  isUnavailable,
  otherCluster,
  wentBack,
} from "./etcd-errors.ts";
import { AuthenticateRequest, AuthenticateResponse } from "./messages.ts";

const { decode, encode } = protobuf;

// biome-ignore lint/suspicious/noExplicitAny: any table of fields
export type AnyMessage = protobuf.MessageType<any>;

export interface Method<Q extends AnyMessage, A extends AnyMessage> {
  /** `/package.Service/Method`. */
  path: string;
  request: Q;
  response: A;
  /** A write is sent once: whether it was done cannot be told from a broken connection. */
  write: boolean;
}

export type Stream<Q extends AnyMessage, A extends AnyMessage> = ClientDuplexStream<
  protobuf.Outgoing<Q>,
  protobuf.Message<A>
>;

export interface ConnectionOptions {
  endpoints: readonly string[];
  tls?: EtcdTls | undefined;
  user?: { name: string; password: string } | undefined;
  clock: Clock;
  /** For a whole request with its second tries. */
  requestTimeoutMs: number;
  /** How often a quiet connection is tried. */
  pingIntervalMs: number;
}

const RETRY = { initialMs: 25, maxMs: 500 };

const AUTHENTICATE = {
  path: "/etcdserverpb.Auth/Authenticate",
  request: AuthenticateRequest,
  response: AuthenticateResponse,
};

/** Requests and streams to a cluster of etcd: members that fail are left for others, expired tokens are renewed. */
export class EtcdConnection {
  readonly #options: ConnectionOptions;
  readonly #pool: EndpointPool;
  readonly #underWay = new Set<{ cancel(): void }>();
  #token: Promise<string> | undefined;
  #clusterId = 0;
  #seenRevision = 0;
  #closed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#pool = new EndpointPool(options);
  }

  get endpoints(): readonly Endpoint[] {
    return this.#pool.all;
  }

  /** The newest revision that any answer told of. */
  get seenRevision(): number {
    return this.#seenRevision;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** 0 before the first answer. */
  get clusterId(): number {
    return this.#clusterId;
  }

  /** Throws GantryError, or etcd's own error where only the caller knows what the request was about (`isAboutRequest`). */
  async request<Q extends AnyMessage, A extends AnyMessage>(
    method: Method<Q, A>,
    message: protobuf.Outgoing<Q>,
  ): Promise<protobuf.Message<A>> {
    const { clock, requestTimeoutMs } = this.#options;
    // Encoded before the first wait: the caller may change its bytes afterwards.
    const bytes = encode(method.request, message);
    const deadlineMs = clock.monotonicMs() + requestTimeoutMs;
    const perTryMs = method.write || this.#pool.all.length === 1 ? requestTimeoutMs : requestTimeoutMs / 2;
    let renewed = false;
    for (let attempt = 0; ; attempt++) {
      if (this.#closed) throw closed();
      const endpoint = await this.#pool.connected(Math.max(1, deadlineMs - clock.monotonicMs()));
      let token: string | undefined;
      let mayBeDone = false;
      try {
        token = await this.#currentToken(endpoint);
        const timeoutMs = Math.min(perTryMs, deadlineMs - clock.monotonicMs());
        mayBeDone = method.write;
        return await this.#send(endpoint, method, bytes, this.#metadata(token), timeoutMs);
      } catch (error) {
        if (this.#closed) throw closed();
        if (!isEtcdFailure(error)) throw error;
        if (isStaleToken(error.details) && this.#options.user && !renewed) {
          renewed = true;
          this.forgetToken(token);
          continue;
        }
        if (isAboutRequest(error)) throw error;
        if (isUnavailable(error)) this.#pool.suspect(endpoint);
        const mayRepeat = isRefused(error) || (!mayBeDone && isUnavailable(error));
        const pauseMs = backoffMs(attempt, RETRY);
        if (!mayRepeat || clock.monotonicMs() + pauseMs >= deadlineMs) {
          throw etcdError(error, { endpoint: endpoint.name, write: mayBeDone });
        }
        await clock.sleep(pauseMs);
      }
    }
  }

  /** One member asked, without second tries. */
  async requestFrom<Q extends AnyMessage, A extends AnyMessage>(
    endpoint: Endpoint,
    method: Method<Q, A>,
    message: protobuf.Outgoing<Q>,
    timeoutMs = this.#options.requestTimeoutMs,
  ): Promise<protobuf.Message<A>> {
    await this.#pool.connectedTo(endpoint, this.#options.requestTimeoutMs);
    try {
      const metadata = this.#metadata(await this.#currentToken(endpoint));
      return await this.#send(endpoint, method, encode(method.request, message), metadata, timeoutMs);
    } catch (error) {
      if (!isEtcdFailure(error)) throw error;
      throw etcdError(error, { endpoint: endpoint.name, write: method.write });
    }
  }

  /** A stream to a connected member; its failures come as its `error` event. */
  async openStream<Q extends AnyMessage, A extends AnyMessage>(
    method: Omit<Method<Q, A>, "write">,
  ): Promise<{ stream: Stream<Q, A>; endpoint: Endpoint; token: string | undefined; leaveEndpoint(): void }> {
    if (this.#closed) throw closed();
    const endpoint = await this.#pool.connected(this.#options.requestTimeoutMs);
    const token = await this.#currentToken(endpoint);
    if (this.#closed) throw closed();
    const stream = endpoint.client.makeBidiStreamRequest<protobuf.Outgoing<Q>, protobuf.Message<A>>(
      method.path,
      (message) => encode(method.request, message),
      (bytes) => decode(method.response, bytes),
      this.#metadata(token),
    );
    this.#underWay.add(stream);
    stream.on("status", () => this.#underWay.delete(stream));
    return { stream, endpoint, token, leaveEndpoint: () => this.#pool.suspect(endpoint) };
  }

  /** The next request or stream authenticates anew, unless another one already has. */
  forgetToken(stale: string | undefined): void {
    const token = this.#token;
    token?.then(
      (current) => {
        if (current === stale && this.#token === token) this.#token = undefined;
      },
      () => {},
    );
  }

  noteRevision(revision: number): void {
    if (revision > this.#seenRevision) this.#seenRevision = revision;
  }

  close(): void {
    this.#closed = true;
    for (const call of this.#underWay) call.cancel();
    this.#pool.close();
  }

  async #send<Q extends AnyMessage, A extends AnyMessage>(
    endpoint: Endpoint,
    method: Omit<Method<Q, A>, "write">,
    bytes: Buffer,
    metadata: Metadata,
    timeoutMs: number,
  ): Promise<protobuf.Message<A>> {
    const seenBefore = this.#seenRevision;
    const options = { deadline: new Date(this.#options.clock.nowMs() + timeoutMs) };
    const answer = await new Promise<protobuf.Message<A>>((resolve, reject) => {
      const call = endpoint.client.makeUnaryRequest<Buffer, protobuf.Message<A>>(
        method.path,
        (request) => request,
        (response) => decode(method.response, response),
        bytes,
        metadata,
        options,
        (error: ServiceError | null, response) => {
          this.#underWay.delete(call);
          if (error) reject(error);
          else resolve(response!);
        },
      );
      this.#underWay.add(call);
    });
    this.#examineHeader(endpoint, answer, seenBefore);
    return answer;
  }

  /** Every answer of the key-value service is linearizable: it cannot be older than what was known when it was asked for. */
  #examineHeader(endpoint: Endpoint, answer: object, seenBefore: number): void {
    const header = (answer as { header?: { cluster_id: number; revision: number } }).header;
    if (!header) return;
    if (this.#clusterId === 0) this.#clusterId = header.cluster_id;
    if (header.cluster_id !== this.#clusterId) throw otherCluster(endpoint.name);
    if ("kvs" in answer || "responses" in answer) {
      if (header.revision < seenBefore) throw wentBack(endpoint.name, header.revision, seenBefore);
      this.noteRevision(header.revision);
    }
  }

  #metadata(token: string | undefined): Metadata {
    const metadata = new Metadata();
    // A member that is cut off from the others refuses and ends streams instead of waiting.
    metadata.set("hasleader", "true");
    if (token) metadata.set("token", token);
    return metadata;
  }

  #currentToken(endpoint: Endpoint): Promise<string> | undefined {
    if (!this.#options.user) return undefined;
    if (!this.#token) {
      const token = this.#authenticate(endpoint, this.#options.user);
      this.#token = token;
      token.catch(() => {
        if (this.#token === token) this.#token = undefined;
      });
    }
    return this.#token;
  }

  async #authenticate(endpoint: Endpoint, user: { name: string; password: string }): Promise<string> {
    const metadata = this.#metadata(undefined);
    try {
      const request = encode(AuthenticateRequest, user);
      return (await this.#send(endpoint, AUTHENTICATE, request, metadata, this.#options.requestTimeoutMs))
        .token;
    } catch (error) {
      // Credentials for an etcd that wants none.
      if (isEtcdFailure(error) && error.details === AUTH_NOT_ENABLED) return "";
      throw error;
    }
  }
}
