import https from "node:https";
import type { Clock } from "../../../base/index.ts";
import { services } from "../../api/index.ts";
import type { ObjectLookup } from "../objects/object-lookup.ts";
import { type Endpoint, readyEndpoints } from "./service-endpoints.ts";
import type { WebhookAgents } from "./webhook-agents.ts";
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
  /** As errors show it. */
  url: URL;
  serverName: string;
  endpoint: Endpoint;
}

/** Calls webhooks over TLS: their certificate must be of the authority that their configuration names. Redirects are not followed. */
export class WebhookClient {
  readonly #lookup: ObjectLookup;
  readonly #clock: Clock;
  readonly #agents: WebhookAgents;

  constructor({ lookup, clock, agents }: { lookup: ObjectLookup; clock: Clock; agents: WebhookAgents }) {
    this.#lookup = lookup;
    this.#clock = clock;
    this.#agents = agents;
  }

  /** The answer's JSON. Throws WebhookCallError. */
  async call(config: WebhookClientConfig, { body, timeoutSeconds, signal }: WebhookCall): Promise<unknown> {
    const url = urlOf(config);
    url.searchParams.set("timeout", `${timeoutSeconds}s`);
    const shown = `Post ${JSON.stringify(url.href)}`;
    const late = new AbortController();
    const cancel = this.#clock.after(timeoutSeconds * 1000, () => late.abort());
    try {
      const target = await this.#resolve(config, url);
      const ended = AbortSignal.any([signal, late.signal]);
      const { code, text } = await this.#post(config, target, body, ended);
      if (code < 200 || code > 299) throw new WebhookCallError(answerProblem(code, text));
      return parsed(text);
    } catch (error) {
      if (late.signal.aborted) throw new WebhookCallError(`${shown}: context deadline exceeded`);
      if (signal.aborted) throw new WebhookCallError(`${shown}: context canceled`);
      if (error instanceof DialError) throw new WebhookCallError(`${shown}: ${error.message}`);
      throw error;
    } finally {
      cancel();
    }
  }

  async #resolve({ service }: WebhookClientConfig, url: URL): Promise<Target> {
    if (!service) {
      const serverName = url.hostname.replace(/^\[|\]$/g, "");
      return {
        url,
        serverName,
        endpoint: { host: serverName, port: Number(url.port || DEFAULT_PORT) },
      };
    }
    const { namespace, name, port = DEFAULT_PORT } = service;
    const found = await this.#lookup.get(services, namespace, name);
    if (!found) throw new DialError(`service ${JSON.stringify(name)} not found`);
    const ports = (found.spec?.ports ?? []) as { name?: string; port: number }[];
    const wanted = ports.find((one) => one.port === port);
    if (!wanted) throw new DialError(`no service port ${port} found for service ${JSON.stringify(name)}`);
    const endpoints = await readyEndpoints(this.#lookup, found, wanted.name ?? "");
    const endpoint = endpoints[Math.floor(Math.random() * endpoints.length)];
    if (!endpoint) throw new DialError(`no endpoints available for service ${JSON.stringify(name)}`);
    return { url, serverName: `${name}.${namespace}.svc`, endpoint };
  }

  #post(
    config: WebhookClientConfig,
    { url, serverName, endpoint }: Target,
    body: Buffer,
    signal: AbortSignal,
  ): Promise<{ code: number; text: string }> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) =>
        reject(new DialError(dialProblem(error, `${endpoint.host}:${endpoint.port}`)));
      const request = https.request({
        ...endpoint,
        method: "POST",
        path: `${url.pathname}${url.search}`,
        agent: this.#agents.agentFor(config.caBundle ?? "", serverName),
        signal,
        headers: {
          host: url.host,
          "content-type": "application/json",
          "content-length": String(body.length),
          accept: "application/json, */*",
          "user-agent": "kube-apiserver-admission",
        },
      });
      request.on("error", fail);
      request.on("response", (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes <= ANSWER_LIMIT_BYTES) return;
          reject(new WebhookCallError(`the webhook's answer has more than ${ANSWER_LIMIT_BYTES} bytes`));
          request.destroy();
        });
        response.on("error", fail);
        response.on("end", () =>
          resolve({ code: response.statusCode!, text: Buffer.concat(chunks).toString("utf8") }),
        );
      });
      request.end(body);
    });
  }
}

/** Before anything was answered: told together with the address. */
class DialError extends Error {}

function urlOf({ url, service }: WebhookClientConfig): URL {
  if (service) {
    const { namespace, name, path = "", port = DEFAULT_PORT } = service;
    const base = new URL(`https://${name}.${namespace}.svc`);
    base.port = String(port);
    base.pathname = path;
    return base;
  }
  if (url === undefined) throw new WebhookCallError("webhook configuration must have either service or URL");
  try {
    return new URL(url);
  } catch (cause) {
    throw new WebhookCallError(`Unparsable URL: ${(cause as Error).message}`);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
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
