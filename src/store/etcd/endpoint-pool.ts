import { type ChannelCredentials, Client, connectivityState, credentials } from "@grpc/grpc-js";
import { type Clock, invalidArgument } from "../../base/index.ts";
import { unreachable } from "./etcd-errors.ts";
import { whyUnreachable } from "./why-unreachable.ts";

/** PEM texts. */
export interface EtcdTls {
  ca?: string | Uint8Array;
  cert?: string | Uint8Array;
  key?: string | Uint8Array;
}

export interface Endpoint {
  /** `host:port`, as errors and logs name it. */
  name: string;
  client: Client;
  /** Until then others are preferred: it did not answer, or has no leader. */
  suspectUntilMs: number;
}

export interface EndpointPoolOptions {
  /** `host:port`, or with `http://` or `https://` before it. */
  endpoints: readonly string[];
  tls?: EtcdTls | undefined;
  clock: Clock;
  pingIntervalMs: number;
}

const SUSPECT_MS = 5_000;

const CHANNEL_OPTIONS = {
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 2_000,
  // Nothing is sent twice behind our back.
  "grpc.enable_retries": 0,
  "grpc.enable_http_proxy": 0,
  "grpc.use_local_subchannel_pool": 1,
  "grpc.service_config_disable_resolution": 1,
  "grpc-node.flow_control_window": 4 * 2 ** 20,
};

/** One client per member of the cluster, and the choice between them: the same one as long as it serves. */
export class EndpointPool {
  readonly #clock: Clock;
  readonly #endpoints: Endpoint[];
  #preferred: Endpoint;

  constructor({ endpoints, tls, clock, pingIntervalMs }: EndpointPoolOptions) {
    if (endpoints.length === 0)
      throw invalidArgument("an etcd store needs at least one endpoint", { code: "Store.BadEndpoint" });
    this.#clock = clock;
    const channelOptions = {
      ...CHANNEL_OPTIONS,
      // A dead peer is noticed after one and a half of it at most.
      "grpc.keepalive_time_ms": pingIntervalMs,
      "grpc.keepalive_timeout_ms": pingIntervalMs / 2,
    };
    this.#endpoints = endpoints.map((text) => {
      const { address, secure } = parseEndpoint(text, tls !== undefined);
      const client = new Client(
        address,
        secure ? tlsCredentials(tls) : credentials.createInsecure(),
        channelOptions,
      );
      return { name: address, client, suspectUntilMs: 0 };
    });
    this.#preferred = this.#endpoints[0]!;
  }

  get all(): readonly Endpoint[] {
    return this.#endpoints;
  }

  get names(): string[] {
    return this.#endpoints.map((endpoint) => endpoint.name);
  }

  suspect(endpoint: Endpoint): void {
    endpoint.suspectUntilMs = this.#clock.monotonicMs() + SUSPECT_MS;
  }

  /** A connected member. Where the preferred one is not, all are tried at once, and the first that answers is kept. */
  async connected(timeoutMs: number): Promise<Endpoint> {
    const preferred = this.#preferred;
    if (this.#isTrusted(preferred) && isReady(preferred)) return preferred;
    const trusted = this.#endpoints.filter((endpoint) => this.#isTrusted(endpoint));
    const candidates = trusted.length > 0 ? trusted : this.#endpoints;
    const ready = candidates.find(isReady);
    this.#preferred = ready ?? (await this.#firstReady(candidates, timeoutMs));
    return this.#preferred;
  }

  /** Waits until this member is connected. */
  async connectedTo(endpoint: Endpoint, timeoutMs: number): Promise<void> {
    await this.#whenReady(endpoint, timeoutMs).catch(async (error) => {
      throw unreachable([endpoint.name], timeoutMs, await whyUnreachable([endpoint], this.#clock), error);
    });
  }

  close(): void {
    for (const { client } of this.#endpoints) client.close();
  }

  #isTrusted(endpoint: Endpoint): boolean {
    return endpoint.suspectUntilMs <= this.#clock.monotonicMs();
  }

  async #firstReady(candidates: readonly Endpoint[], timeoutMs: number): Promise<Endpoint> {
    try {
      return await Promise.any(candidates.map((endpoint) => this.#whenReady(endpoint, timeoutMs)));
    } catch (error) {
      const reasons = await whyUnreachable(this.#endpoints, this.#clock);
      throw unreachable(this.names, Math.round(timeoutMs), reasons, (error as AggregateError).errors[0]);
    }
  }

  #whenReady(endpoint: Endpoint, timeoutMs: number): Promise<Endpoint> {
    const deadline = new Date(this.#clock.nowMs() + timeoutMs);
    return new Promise((resolve, reject) => {
      endpoint.client.waitForReady(deadline, (error) => (error ? reject(error) : resolve(endpoint)));
    });
  }
}

function isReady({ client }: Endpoint): boolean {
  return client.getChannel().getConnectivityState(false) === connectivityState.READY;
}

function tlsCredentials(tls: EtcdTls | undefined): ChannelCredentials {
  const buffer = (pem: string | Uint8Array | undefined) => (pem === undefined ? null : Buffer.from(pem));
  return credentials.createSsl(buffer(tls?.ca), buffer(tls?.key), buffer(tls?.cert));
}

function parseEndpoint(text: string, hasTls: boolean): { address: string; secure: boolean } {
  const match = /^(?:(https?):\/\/)?((?:[\w.-]+|\[[0-9a-fA-F:.]+\]):\d{1,5})\/?$/.exec(text.trim());
  if (!match) {
    throw invalidArgument(`"${text}" is no address of an etcd member`, {
      code: "Store.BadEndpoint",
      hint: "Write host:port, http://host:port or https://host:port.",
    });
  }
  return { address: match[2]!, secure: match[1] === undefined ? hasTls : match[1] === "https" };
}
