import { type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, STATUS_CODES } from "node:http";
import { Agent, request } from "node:https";
import { type Clock, errorMessage, readAll } from "../../../base/index.ts";
import {
  failureStatus,
  type KubeObject,
  nodes,
  StatusError,
  statusInternal,
  statusNotFound,
} from "../../api/index.ts";
import type { KeyPair } from "../certificates.ts";
import type { ObjectLookup } from "../objects/object-lookup.ts";

export interface KubeletsOptions {
  lookup: Pick<ObjectLookup, "get">;
  /** Who this server is towards kubelets, and who vouches for them. */
  client: KeyPair;
  caPem: string;
  clock: Clock;
}

export interface KubeletAddress {
  host: string;
  port: number;
}

export interface KubeletCall {
  method?: string;
  /** With its query. */
  path: string;
  headers?: OutgoingHttpHeaders;
  signal?: AbortSignal;
}

const KUBELET_PORT = 10_250;
const ANSWER_TIMEOUT_MS = 10_000;
const REFUSAL_BYTES = 64 * 1024;
const DOCUMENT_BYTES = 64 * 2 ** 20;
/** Upstream's --kubelet-preferred-address-types, without names: what they mean is known on the node's own network only. */
const ADDRESS_TYPES = ["InternalIP", "ExternalIP"];
/** Reasons of refusals that kubelets give as plain text. */
const REASONS: Record<number, string> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  500: "InternalError",
  503: "ServiceUnavailable",
};

/** The kubelets of other machines, at the addresses that their Nodes tell, over TLS with a certificate on either side. */
export class Kubelets {
  readonly #options: KubeletsOptions;
  readonly #agent: Agent;

  constructor(options: KubeletsOptions) {
    this.#options = options;
    const { certPem: cert, keyPem: key } = options.client;
    this.#agent = new Agent({ ca: options.caPem, cert, key, keepAlive: true, timeout: 90_000 });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Throws NotFound where there is no such node, Internal where it tells no address. */
  async addressOf(nodeName: string): Promise<KubeletAddress> {
    const node = await this.#options.lookup.get(nodes, undefined, nodeName);
    if (!node) throw statusNotFound({ group: "", resource: "nodes" }, nodeName);
    const host = hostOf(node);
    if (host === undefined)
      throw statusInternal(`no preferred addresses found; known addresses: [] of node ${nodeName}`);
    return { host, port: node.status?.daemonEndpoints?.kubeletEndpoint?.Port || KUBELET_PORT };
  }

  /** A request on its way; over a connection of its own where it asks for another protocol. */
  open(
    { host, port }: KubeletAddress,
    { method = "GET", path, headers, signal }: KubeletCall,
  ): ClientRequest {
    const isUpgrade = headers?.upgrade !== undefined;
    const { ca, cert, key } = this.#agent.options;
    const connection = isUpgrade ? { agent: false as const, ca, cert, key } : { agent: this.#agent };
    return request({ host, port, method, path, headers, signal, ...connection });
  }

  /** The head of an answer that is none of a failure; what it refuses with becomes a Status. */
  async get(nodeName: string, path: string, signal?: AbortSignal): Promise<IncomingMessage> {
    const address = await this.addressOf(nodeName);
    const outgoing = this.open(address, { path, signal });
    const cancel = this.#options.clock.after(ANSWER_TIMEOUT_MS, () =>
      outgoing.destroy(new Error("context deadline exceeded")),
    );
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.on("response", resolve);
      outgoing.on("error", (error) => {
        const url = `https://${address.host}:${address.port}${path}`;
        reject(statusInternal(`Get ${JSON.stringify(url)}: ${errorMessage(error)}`));
      });
      outgoing.end();
    }).finally(cancel);
    const code = answer.statusCode ?? 502;
    if (code < 400) return answer;
    throw refusalOf(code, (await readAll(answer, REFUSAL_BYTES)).toString("utf8"));
  }

  async json(nodeName: string, path: string): Promise<unknown> {
    return JSON.parse((await readAll(await this.get(nodeName, path), DOCUMENT_BYTES)).toString("utf8"));
  }
}

function hostOf({ status }: KubeObject): string | undefined {
  const addresses = (status?.addresses ?? []) as { type: string; address: string }[];
  for (const wanted of ADDRESS_TYPES) {
    const found = addresses.find(({ type, address }) => type === wanted && address !== "");
    if (found) return found.address;
  }
  return undefined;
}

function refusalOf(code: number, text: string): StatusError {
  const message = text.trim() || (STATUS_CODES[code] ?? "unknown");
  return new StatusError(failureStatus(code, REASONS[code] ?? "Unknown", message));
}
