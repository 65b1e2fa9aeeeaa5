import { type Clock, errorMessage, type Logger } from "../../../../base/index.ts";
import type { KubeObject, PodSpec } from "../../../api/index.ts";
import { ExpiringCache } from "../../webhook/expiring-cache.ts";
import { KubeconfigWebhook } from "../../webhook/kubeconfig-webhook.ts";
import { type AdmissionPlugin, type AdmissionRequest, refusalOf } from "../admission.ts";
import type { ImagePolicyOptions } from "./read-configuration.ts";

interface ReviewStatus {
  allowed?: boolean;
  reason?: string;
  auditAnnotations?: Record<string, string>;
}

const ATTEMPTS = 5;
const TIMEOUT_MS = 30_000;
const MAX_ENTRIES = 1024;
const ABOUT_IMAGES = ".image-policy.k8s.io/";
const AUDIT_PREFIX = `imagepolicywebhook${ABOUT_IMAGES}`;
/** What a pod bears that came in while nobody could be asked. */
const FAILED_OPEN = "alpha.image-policy.k8s.io/failed-open";

/** Asks a webhook by ImageReviews whether the images of pods may run (plugin/pkg/admission/imagepolicy). */
export function imagePolicyWebhook(
  options: ImagePolicyOptions,
  parts: { logger: Logger; clock: Clock },
): AdmissionPlugin {
  const reviewer = new ImageReviewer(options, parts);
  return {
    name: "ImagePolicyWebhook",
    looksAt: ["pods"],
    async validate(request) {
      if (!bringsImages(request)) return;
      const status = await reviewer.review(request);
      if (!status) return;
      for (const [key, value] of Object.entries(status.auditAnnotations ?? {}))
        request.annotate(`${AUDIT_PREFIX}${key}`, value);
      if (status.allowed === true) return;
      const why = status.reason
        ? `image policy webhook backend denied one or more images: ${status.reason}`
        : "one or more images rejected by webhook backend";
      throw refusalOf(request, why);
    },
  };
}

function bringsImages({ kind, subresource, operation }: AdmissionRequest): boolean {
  const isPod = kind.group === "" && kind.resource === "pods";
  const isOfImages = subresource === undefined || subresource === "ephemeralcontainers";
  return isPod && isOfImages && (operation === "CREATE" || operation === "UPDATE");
}

class ImageReviewer {
  readonly #options: ImagePolicyOptions;
  readonly #logger: Logger;
  readonly #webhook: KubeconfigWebhook;
  readonly #known: ExpiringCache<ReviewStatus>;

  constructor(options: ImagePolicyOptions, { logger, clock }: { logger: Logger; clock: Clock }) {
    this.#options = options;
    this.#logger = logger;
    this.#known = new ExpiringCache({ limit: MAX_ENTRIES, clock });
    this.#webhook = new KubeconfigWebhook({
      target: options.target,
      userAgent: "kube-apiserver-admission",
      initialBackoffMs: options.retryBackoffMs,
      attempts: ATTEMPTS,
      timeoutMs: TIMEOUT_MS,
      clock,
    });
  }

  /** Undefined where nobody can be asked, and that lets images in. Throws Forbidden where it does not. */
  async review(request: AdmissionRequest): Promise<ReviewStatus | undefined> {
    const spec = JSON.stringify(specOf(request));
    const known = this.#known.get(spec);
    if (known) return known;
    try {
      const status = await this.#ask(spec, request.signal);
      const { allowTtlMs, denyTtlMs } = this.#options;
      this.#known.set(spec, status, status.allowed === true ? allowTtlMs : denyTtlMs);
      return status;
    } catch (error) {
      this.#logger.warn("the webhook of image policies failed", { error: errorMessage(error) });
      if (!this.#options.allowsByDefault) throw refusalOf(request, errorMessage(error));
      request.annotate(`${AUDIT_PREFIX}failed-open`, "true");
      const { metadata } = request.object!;
      metadata.annotations = { ...metadata.annotations, [FAILED_OPEN]: "true" };
      return undefined;
    }
  }

  async #ask(spec: string, signal: AbortSignal): Promise<ReviewStatus> {
    const answer = await this.#webhook.post(
      `{"kind":"ImageReview","apiVersion":"imagepolicy.k8s.io/v1alpha1","metadata":{"creationTimestamp":null},"spec":${spec},"status":{"allowed":false}}`,
      signal,
    );
    return (JSON.parse(answer) as { status?: ReviewStatus }).status ?? {};
  }
}

function specOf({ object, subresource, namespace }: AdmissionRequest): object {
  const { spec, metadata } = object as KubeObject;
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec as PodSpec;
  const asked = subresource === undefined ? [...containers, ...initContainers] : ephemeralContainers;
  const told = Object.entries(metadata.annotations ?? {}).filter(([key]) => key.includes(ABOUT_IMAGES));
  return {
    ...(asked.length > 0 ? { containers: asked.map(({ image }) => (image ? { image } : {})) } : {}),
    ...(told.length > 0 ? { annotations: Object.fromEntries(told) } : {}),
    ...(namespace ? { namespace } : {}),
  };
}
