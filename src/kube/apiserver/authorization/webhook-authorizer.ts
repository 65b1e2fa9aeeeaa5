import { type Clock, errorMessage, type Logger } from "../../../base/index.ts";
import type { UserInfo } from "../../client/types.ts";
import type { RequestInfo } from "../request-info.ts";
import { ExpiringCache } from "../webhook/expiring-cache.ts";
import type { KubeconfigTarget } from "../webhook/kubeconfig-target.ts";
import { KubeconfigWebhook } from "../webhook/kubeconfig-webhook.ts";
import type { Authorization, Authorizer } from "./authorizer.ts";
import { ReviewMatchConditions } from "./review-match-conditions.ts";
import { shownRequirement } from "./shown-requirement.ts";

export interface WebhookAuthorizerOptions {
  target: KubeconfigTarget;
  /** Of SubjectAccessReview. */
  version: "v1" | "v1beta1";
  authorizedTtlMs: number;
  unauthorizedTtlMs: number;
  /** Of one try; 30 s where it is absent. */
  timeoutMs?: number;
  /** What it counts as that it cannot be asked; no opinion where it is absent. */
  onError?: "deny" | "noOpinion";
  /** It is asked only of requests for which these hold. They must compile. */
  matchConditions?: readonly string[];
}

/** client-go's and upstream's defaults of tries (DefaultAuthWebhookRetryBackoff) and time. */
const ATTEMPTS = 5;
const INITIAL_BACKOFF_MS = 500;
const TIMEOUT_MS = 30_000;
const CLOSE_MS = 60_000;
/** Requests that say more of themselves are asked about anew each time (apiserver's shouldCache). */
const MAX_KEY_CHARACTERS = 10_000;
const MAX_ENTRIES = 8192;

/** Asks a webhook by SubjectAccessReviews (apiserver's plugin/pkg/authorizer/webhook). What fails is no opinion. */
export class WebhookAuthorizer implements Authorizer {
  readonly #options: WebhookAuthorizerOptions;
  readonly #webhook: KubeconfigWebhook;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #known: ExpiringCache<Authorization>;
  readonly #conditions: ReviewMatchConditions;

  constructor(options: WebhookAuthorizerOptions, { logger, clock }: { logger: Logger; clock: Clock }) {
    this.#options = options;
    this.#logger = logger;
    this.#clock = clock;
    this.#conditions = new ReviewMatchConditions(options.matchConditions ?? []);
    this.#known = new ExpiringCache({ limit: MAX_ENTRIES, clock });
    this.#webhook = new KubeconfigWebhook({
      target: options.target,
      userAgent: "kube-apiserver-authorization",
      initialBackoffMs: INITIAL_BACKOFF_MS,
      attempts: ATTEMPTS,
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
      clock,
    });
  }

  async authorize(user: UserInfo, info: RequestInfo): Promise<Authorization> {
    try {
      if (!this.#conditions.hold(user, info)) return { decision: "noOpinion" };
    } catch (error) {
      return this.#failed(errorMessage(error));
    }
    const spec = JSON.stringify(specOf(user, info, this.#options.version));
    const known = this.#known.get(spec);
    if (known) return known;
    try {
      const answer = await this.#ask(spec);
      if (spec.length < MAX_KEY_CHARACTERS) this.#known.set(spec, answer, this.#ttlMsOf(answer));
      return answer;
    } catch (error) {
      const message = errorMessage(error);
      this.#logger.error("the authorization webhook failed", { error: message });
      return this.#failed(message);
    }
  }

  close(): void {
    this.#webhook.close();
  }

  /** Once those who ask have had their answers. */
  closeSoon(): void {
    this.#clock.after(CLOSE_MS, () => this.close(), { unref: true });
  }

  #failed(error: string): Authorization {
    return { decision: this.#options.onError ?? "noOpinion", error };
  }

  #ttlMsOf({ decision }: Authorization): number {
    const { authorizedTtlMs, unauthorizedTtlMs } = this.#options;
    return decision === "allow" ? authorizedTtlMs : unauthorizedTtlMs;
  }

  async #ask(spec: string): Promise<Authorization> {
    const apiVersion = `authorization.k8s.io/${this.#options.version}`;
    const answer = await this.#webhook.post(
      `{"kind":"SubjectAccessReview","apiVersion":"${apiVersion}","metadata":{"creationTimestamp":null},"spec":${spec},"status":{"allowed":false}}`,
    );
    const { status = {} } = JSON.parse(answer) as { status?: Record<string, unknown> };
    const reason = typeof status.reason === "string" ? status.reason : "";
    if (status.denied === true && status.allowed === true)
      return {
        decision: "deny",
        reason,
        error: "webhook subject access review returned both allow and deny response",
      };
    if (status.denied === true) return { decision: "deny", reason };
    return { decision: status.allowed === true ? "allow" : "noOpinion", reason };
  }
}

function specOf(user: UserInfo, info: RequestInfo, version: "v1" | "v1beta1"): object {
  const { name, groups, uid, extra } = user;
  const who = {
    user: name,
    ...(version === "v1" ? { groups } : { group: groups }),
    ...(extra ? { extra } : {}),
    ...(uid ? { uid } : {}),
  };
  if (!info.isResource) return { nonResourceAttributes: { path: info.path, verb: info.verb }, ...who };
  const { namespace, verb, group, version: apiVersion, resource, subresource, fieldRequirements } = info;
  const attributes = { namespace, verb, group, version: apiVersion, resource, subresource, name: info.name };
  const filled = Object.fromEntries(Object.entries(attributes).filter(([, value]) => value));
  const selector = fieldRequirements?.length
    ? { fieldSelector: { requirements: fieldRequirements.map(shownRequirement) } }
    : {};
  return { resourceAttributes: { ...filled, ...selector }, ...who };
}
