import https from "node:https";
import { type Clock, errorMessage } from "../../../../base/index.ts";
import { fetchRemote, type RemoteAnswer, TooLate } from "../../../../http/index.ts";
import type { TlsAgents } from "../../webhook/tls-agents.ts";
import { dialProblem } from "../../webhook/webhook-errors.ts";

/** For one answer, and together for those that redirect to it. */
const TIMEOUT_MS = 30_000;
/** A discovery document and a set of keys have some kilobytes. */
const LIMIT_BYTES = 1024 * 1024;
const MAX_REDIRECTS = 10;

/** Reads documents of an issuer: over TLS only, held to its authority, whereto ever it redirects. */
export class IssuerClient {
  readonly #agents: TlsAgents;
  readonly #caBundle: string;
  readonly #clock: Clock;

  /** `caPem`: empty for the authorities that Node.js knows. */
  constructor({ agents, caPem, clock }: { agents: TlsAgents; caPem: string; clock: Clock }) {
    this.#agents = agents;
    this.#caBundle = Buffer.from(caPem).toString("base64");
    this.#clock = clock;
  }

  /** Throws in Go's words where there is no answer; one that is no 200 is an answer. */
  async get(url: string): Promise<RemoteAnswer> {
    const untilMs = this.#clock.monotonicMs() + TIMEOUT_MS;
    let at = url;
    for (let redirects = 0; ; redirects++) {
      const answer = await this.#getOnce(at, untilMs);
      const { location } = answer.headers;
      const redirected = [301, 302, 303, 307, 308].includes(answer.code) && location !== undefined;
      if (!redirected) return answer;
      if (redirects === MAX_REDIRECTS)
        throw new Error(`Get ${JSON.stringify(at)}: stopped after 10 redirects`);
      at = new URL(location, at).href;
    }
  }

  async #getOnce(text: string, untilMs: number): Promise<RemoteAnswer> {
    const get = `Get ${JSON.stringify(text)}`;
    const url = URL.parse(text);
    if (url?.protocol !== "https:") throw new Error(`${get}: only https is spoken with issuers`);
    const serverName = url.hostname.replace(/^\[|\]$/g, "");
    const request = https.request(url, {
      agent: this.#agents.agentFor({ caBundle: this.#caBundle, serverName }),
      headers: { accept: "application/json", "user-agent": "kube-apiserver-oidc" },
    });
    try {
      return await fetchRemote(request, {
        timeoutMs: Math.max(0, untilMs - this.#clock.monotonicMs()),
        limitBytes: LIMIT_BYTES,
        clock: this.#clock,
      });
    } catch (error) {
      // A kept connection may just have been closed by the other side.
      if (request.reusedSocket && !(error instanceof TooLate)) return this.#getOnce(text, untilMs);
      const problem = error instanceof Error ? dialProblem(error, url.host) : errorMessage(error);
      throw new Error(`${get}: ${problem}`, { cause: error });
    }
  }
}

/** The JSON object in an answer. Throws where it is another one, or none. */
export function jsonOf({ code, bytes }: RemoteAnswer): Record<string, unknown> {
  const text = bytes.toString("utf8");
  if (code !== 200) throw new Error(`${code}: ${text.slice(0, 512)}`);
  const value: unknown = JSON.parse(text);
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new Error("it is no JSON object");
}
