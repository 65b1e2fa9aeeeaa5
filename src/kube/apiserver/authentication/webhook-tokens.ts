import { createHmac, randomBytes } from "node:crypto";
import { type Clock, errorMessage, type Logger } from "../../../base/index.ts";
import { ExpiringCache } from "../webhook/expiring-cache.ts";
import type { KubeconfigTarget } from "../webhook/kubeconfig-target.ts";
import { KubeconfigWebhook } from "../webhook/kubeconfig-webhook.ts";
import { type Authentication, AuthenticationFailure, type TokenAuthenticator } from "./authenticator.ts";

export interface WebhookTokensOptions {
  target: KubeconfigTarget;
  /** Of TokenReview. */
  version: "v1" | "v1beta1";
  /** How long its answers hold; 0: they are asked for each time. */
  cacheTtlMs: number;
}

/** client-go's and upstream's defaults of tries (DefaultAuthWebhookRetryBackoff) and time. */
const ATTEMPTS = 5;
const INITIAL_BACKOFF_MS = 500;
const TIMEOUT_MS = 30_000;
const MAX_ENTRIES = 32_768;

/** Asks a webhook by TokenReviews whose a token is (apiserver's plugin/pkg/authenticator/token/webhook). */
export class WebhookTokens implements TokenAuthenticator {
  readonly #options: WebhookTokensOptions;
  readonly #apiAudiences: readonly string[];
  readonly #webhook: KubeconfigWebhook;
  readonly #logger: Logger;
  readonly #known: ExpiringCache<{ found: Authentication | undefined }>;
  readonly #asked = new Map<string, Promise<Authentication | undefined>>();
  /** Nobody can tell from outside under which keys tokens are known. */
  readonly #secret = randomBytes(32);

  /** `apiAudiences`: those for which a token is where the webhook names none. */
  constructor(
    options: WebhookTokensOptions,
    { apiAudiences, logger, clock }: { apiAudiences: readonly string[]; logger: Logger; clock: Clock },
  ) {
    this.#options = options;
    this.#apiAudiences = apiAudiences;
    this.#logger = logger;
    this.#known = new ExpiringCache({ limit: MAX_ENTRIES, clock });
    this.#webhook = new KubeconfigWebhook({
      target: options.target,
      userAgent: "kube-apiserver-authentication",
      initialBackoffMs: INITIAL_BACKOFF_MS,
      attempts: ATTEMPTS,
      timeoutMs: TIMEOUT_MS,
      clock,
    });
  }

  /** Those who ask of the same token at the same time share one call. */
  async authenticateToken(token: string, audiences: readonly string[]): Promise<Authentication | undefined> {
    const key = createHmac("sha256", this.#secret)
      .update(JSON.stringify([token, ...audiences]))
      .digest("hex");
    const known = this.#known.get(key);
    if (known) return known.found;
    const asked = this.#asked.get(key) ?? this.#ask(key, token, audiences);
    this.#asked.set(key, asked);
    try {
      return await asked;
    } finally {
      this.#asked.delete(key);
    }
  }

  close(): void {
    this.#webhook.close();
  }

  async #ask(key: string, token: string, audiences: readonly string[]): Promise<Authentication | undefined> {
    const found = this.#judge(await this.#review(token, audiences), audiences);
    this.#known.set(key, { found }, this.#options.cacheTtlMs);
    return found;
  }

  async #review(token: string, audiences: readonly string[]): Promise<Record<string, unknown>> {
    const review = {
      kind: "TokenReview",
      apiVersion: `authentication.k8s.io/${this.#options.version}`,
      metadata: { creationTimestamp: null },
      spec: { token, audiences },
      status: { user: {} },
    };
    try {
      const answer = JSON.parse(await this.#webhook.post(JSON.stringify(review)));
      return objectOf(objectOf(answer).status);
    } catch (error) {
      this.#logger.error("the authentication webhook failed", { error: errorMessage(error) });
      throw new AuthenticationFailure(errorMessage(error), { cause: error });
    }
  }

  #judge(status: Record<string, unknown>, wanted: readonly string[]): Authentication | undefined {
    const named = stringsOf(status.audiences);
    const audiences = wanted.filter((one) => (named.length > 0 ? named : this.#apiAudiences).includes(one));
    if (audiences.length === 0) return undefined;
    if (status.authenticated !== true) {
      if (typeof status.error === "string" && status.error !== "")
        throw new AuthenticationFailure(status.error);
      return undefined;
    }
    const { username, uid, groups, extra } = objectOf(status.user);
    const further = Object.entries(objectOf(extra)).map(([name, values]) => [name, stringsOf(values)]);
    return {
      user: {
        name: typeof username === "string" ? username : "",
        groups: stringsOf(groups),
        ...(typeof uid === "string" && uid !== "" ? { uid } : {}),
        ...(further.length > 0 ? { extra: Object.fromEntries(further) } : {}),
      },
      audiences,
    };
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : {};
}

const stringsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
