import https from "node:https";
import { posix } from "node:path";
import type { Clock } from "../../../base/index.ts";
import { parseJson } from "../../../formats/index.ts";
import { hostPort } from "../../../http/index.ts";
import type { ObjectLookup } from "../objects/object-lookup.ts";
import { type Endpoint, serviceEndpoint } from "./service-endpoints.ts";
import type { TlsAgents } from "./tls-agents.ts";
import { answerProblem, dialProblem } from "./webhook-errors.ts";

/** Where a webhook is (admissionregistration/v1 and apiextensions/v1 WebhookClientConfig). */
export interface WebhookClientConfig {
  url?: string;
  service?: { namespace: string; name: string; path?: string; port?: number };
  /** PEM in base64; the machine's own authorities where it is absent. */
  caBundle?: string;
}

/** Why a webhook gave no answer, in client-go's words. */
export class WebhookCallError extends Error {}

/** More than a webhook's answer may have. */
const ANSWER_LIMIT_BYTES = 16 * 1024 * 1024;
const DEFAULT_PORT = 443;

export interface WebhookCall {
  /** JSON. */
  body: Buffer;
  timeoutSeconds: number;
  signal: AbortSignal;
}

interface Target {
  serverName: string;
  endpoint: Endpoint;
}

/** Where a call goes, as errors show it: the port stands there as it was written. */
interface Address {
  /** `https://HOST[:PORT]` */
  origin: string;
  /** With its query. */
  path: string;
}

interface Posted {
  config: WebhookClientConfig;
  address: Address;
  target: Target;
  body: Buffer;
  signal: AbortSignal;
}

/** Calls webhooks over TLS: their certificate must be of the authority that their configuration names. Redirects are not followed. */
export class WebhookClient {
  readonly #lookup: ObjectLookup;
  readonly #clock: Clock;
  readonly #agents: TlsAgents;

  constructor({ lookup, clock, agents }: { lookup: ObjectLookup; clock: Clock; agents: TlsAgents }) {
    this.#lookup = lookup;
    this.#clock = clock;
    this.#agents = agents;
  }

  /** The answer's JSON. Throws WebhookCallError. */
  async call(config: WebhookClientConfig, { body, timeoutSeconds, signal }: WebhookCall): Promise<unknown> {
    const address = addressOf(config, timeoutSeconds);
    const post = `Post ${JSON.stringify(`${address.origin}${address.path}`)}`;
    const late = new AbortController();
    const cancel = this.#clock.after(timeoutSeconds * 1000, () => late.abort());
    try {
      const target = await this.#resolve(config, address);
      const ended = AbortSignal.any([signal, late.signal]);
      const { code, text } = await this.#post({ config, address, target, body, signal: ended });
      if (code < 200 || code > 299) throw new WebhookCallError(answerProblem(code, text));
      return parsed(text);
    } catch (error) {
      const why = late.signal.aborted
        ? "context deadline exceeded"
        : signal.aborted
          ? "context canceled"
          : (error as Error).message;
      if (error instanceof AnswerError) throw new WebhookCallError(`${UNREAD} ${why}`);
      if (error instanceof WebhookCallError) throw error;
      throw new WebhookCallError(`${post}: ${why}`);
    } finally {
      cancel();
    }
  }

  async #resolve({ service }: WebhookClientConfig, { origin }: Address): Promise<Target> {
    if (!service) {
      const { hostname, port } = new URL(origin);
      const host = hostname.replace(/^\[|\]$/g, "");
      return { serverName: host, endpoint: { host, port: Number(port || DEFAULT_PORT) } };
    }
    const { namespace, name, port = DEFAULT_PORT } = service;
    const endpoint = await serviceEndpoint(this.#lookup, { namespace, name, port });
    return { serverName: `${name}.${namespace}.svc`, endpoint };
  }

  /** A connection that was kept may have been closed by the other side in the same moment: then another one is used. */
  async #post(posted: Posted): Promise<{ code: number; text: string }> {
    for (;;) {
      try {
        return await this.#postOnce(posted);
      } catch (error) {
        if (!(error instanceof LostConnection)) throw error;
      }
    }
  }

  #postOnce({ config, address, target, body, signal }: Posted): Promise<{ code: number; text: string }> {
    const { endpoint, serverName } = target;
    return new Promise((resolve, reject) => {
      let hasBegun = false;
      const request = https.request({
        ...endpoint,
        method: "POST",
        path: address.path,
        agent: this.#agents.agentFor({ caBundle: config.caBundle ?? "", serverName }),
        signal,
        headers: {
          host: address.origin.slice("https://".length),
          "content-type": "application/json",
          "content-length": String(body.length),
          accept: "application/json, */*",
          "user-agent": "kube-apiserver-admission",
        },
      });
      request.on("error", (error: NodeJS.ErrnoException) => {
        if (hasBegun) reject(new AnswerError(error.message));
        else if (request.reusedSocket && error.code === "ECONNRESET") reject(new LostConnection());
        else reject(new Error(dialProblem(error, hostPort(endpoint))));
      });
      request.on("response", (response) => {
        hasBegun = true;
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes <= ANSWER_LIMIT_BYTES) return;
          reject(new WebhookCallError(`the webhook's answer has more than ${ANSWER_LIMIT_BYTES} bytes`));
          request.destroy();
        });
        response.on("error", () => reject(new AnswerError("unexpected EOF")));
        response.on("end", () =>
          resolve({ code: response.statusCode!, text: Buffer.concat(chunks).toString("utf8") }),
        );
      });
      request.end(body);
    });
  }
}

/** Nothing was answered, on a connection that had served before. */
class LostConnection extends Error {}

/** The answer began, and did not come to its end. */
class AnswerError extends Error {}
const UNREAD = "unexpected error when reading response body. Please retry. Original error:";

/** The path as Go's path.Join leaves it. */
function addressOf({ url, service }: WebhookClientConfig, timeoutSeconds: number): Address {
  const query = `?timeout=${timeoutSeconds}s`;
  const pathOf = (path: string) => `${posix.join("/", path).replace(/(?<=.)\/$/, "")}${query}`;
  if (service) {
    const { namespace, name, path = "", port = DEFAULT_PORT } = service;
    return { origin: `https://${name}.${namespace}.svc:${port}`, path: pathOf(path) };
  }
  if (url === undefined) throw new WebhookCallError("webhook configuration must have either service or URL");
  const [, origin, path = ""] = /^(https:\/\/[^/?#]+)([^?#]*)/i.exec(url) ?? [];
  if (origin === undefined || !URL.canParse(origin))
    throw new WebhookCallError(`Unparsable URL: ${JSON.stringify(url)}`);
  return { origin, path: pathOf(path) };
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    const [first = ""] = text.trimStart();
    throw new WebhookCallError(
      text === ""
        ? "unexpected end of JSON input"
        : `couldn't get version/kind; json parse error: invalid character ${quoted(first)} looking for beginning of value`,
    );
  }
}

const quoted = (char: string) => `'${char}'`;
