import http from "node:http";
import https from "node:https";
import { type Clock, readAll, retry } from "../../../base/index.ts";
import type { KubeconfigTarget } from "./kubeconfig-target.ts";
import { answerProblem, dialProblem } from "./webhook-errors.ts";

/** Why a webhook gave no answer, in client-go's words. `code` is that of its answer, where there was one. */
export class KubeconfigWebhookError extends Error {
  readonly code: number | undefined;

  constructor(message: string, code?: number) {
    super(message);
    this.code = code;
  }

  /** Whether another try may do better (apiserver's webhook.DefaultShouldRetry). */
  get isTransient(): boolean {
    return this.code === undefined || this.code === 429 || this.code >= 500;
  }
}

export interface KubeconfigWebhookOptions {
  target: KubeconfigTarget;
  userAgent: string;
  /** Each time as long as the factor 1.5 makes it. */
  initialBackoffMs: number;
  attempts: number;
  /** Tries again whatever went wrong, and not only where that may pass. */
  retriesAlways?: boolean;
  /** Of one try. */
  timeoutMs: number;
  clock: Clock;
}

const ANSWER_LIMIT_BYTES = 16 * 2 ** 20;
const BACKOFF_FACTOR = 1.5;

/** A webhook that a kubeconfig file describes, asked with JSON by POST. */
export class KubeconfigWebhook {
  readonly #options: KubeconfigWebhookOptions;
  readonly #agent: http.Agent;

  constructor(options: KubeconfigWebhookOptions) {
    this.#options = options;
    const { url, ca, cert, key, serverName, isVerified } = options.target;
    this.#agent = url.startsWith("https:")
      ? new https.Agent({
          keepAlive: true,
          maxFreeSockets: 4,
          rejectUnauthorized: isVerified,
          ...(ca ? { ca } : {}),
          ...(cert && key ? { cert, key } : {}),
          ...(serverName ? { servername: serverName } : {}),
        })
      : new http.Agent({ keepAlive: true, maxFreeSockets: 4 });
  }

  /** The answer's text. Throws KubeconfigWebhookError after the last try. */
  post(body: string, signal?: AbortSignal): Promise<string> {
    const { initialBackoffMs, attempts, retriesAlways, clock } = this.#options;
    return retry(() => this.#try(body, signal), {
      attempts,
      initialMs: initialBackoffMs,
      maxMs: Number.POSITIVE_INFINITY,
      factor: BACKOFF_FACTOR,
      retryable: (error) =>
        error instanceof KubeconfigWebhookError && (retriesAlways === true || error.isTransient),
      clock,
      ...(signal ? { signal } : {}),
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  async #try(body: string, signal: AbortSignal | undefined): Promise<string> {
    const { target, timeoutMs, clock } = this.#options;
    const late = new AbortController();
    const cancel = clock.after(timeoutMs, () => late.abort());
    try {
      const ended = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
      const answer = await this.#send(body, ended);
      const text = (await readAll(answer, ANSWER_LIMIT_BYTES)).toString("utf8");
      const code = answer.statusCode ?? 0;
      if (code < 200 || code > 299) throw new KubeconfigWebhookError(answerProblem(code, text), code);
      return text;
    } catch (error) {
      if (error instanceof KubeconfigWebhookError) throw error;
      const problem = late.signal.aborted
        ? "context deadline exceeded"
        : dialProblem(error as Error, new URL(target.url).host);
      throw new KubeconfigWebhookError(`Post ${JSON.stringify(target.url)}: ${problem}`);
    } finally {
      cancel();
    }
  }

  #send(body: string, signal: AbortSignal): Promise<http.IncomingMessage> {
    const { target, userAgent } = this.#options;
    const bytes = Buffer.from(body);
    const send = target.url.startsWith("https:") ? https.request : http.request;
    return new Promise((resolve, reject) => {
      const request = send(target.url, {
        method: "POST",
        agent: this.#agent,
        signal,
        headers: {
          "content-type": "application/json",
          "content-length": String(bytes.length),
          accept: "application/json, */*",
          "user-agent": userAgent,
          ...(target.authorization ? { authorization: target.authorization } : {}),
        },
      });
      request.on("response", resolve);
      request.on("error", reject);
      request.end(bytes);
    });
  }
}
