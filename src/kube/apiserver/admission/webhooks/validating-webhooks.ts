import type { KindDefinition } from "../../../api/index.ts";
import type { AdmissionPlugin, AdmissionRequest } from "../admission.ts";
import { type CallOptions, callWebhook, failedClosed, WebhookFailure } from "./call-webhook.ts";
import { isExempt } from "./resource-rules.ts";
import { type SelectOptions, selectWebhook } from "./select-webhook.ts";
import { VALIDATING, type Webhook, webhooksOf } from "./webhook.ts";

/** Webhooks that may refuse a request, all asked at once; the first refusal is told. */
export function validatingWebhooks(options: SelectOptions & CallOptions): AdmissionPlugin {
  return {
    name: "ValidatingAdmissionWebhook",
    async validate(request) {
      if (isExempt(request)) return;
      const webhooks = await webhooksOf(options.lookup, VALIDATING);
      const relevant: [Webhook, KindDefinition][] = [];
      for (const webhook of webhooks) {
        const kind = await selectWebhook(options, webhook, request);
        if (kind) relevant.push([webhook, kind]);
      }
      const asked = relevant.map(([webhook, kind], index) => ask(options, webhook, request, kind, index));
      const refused = (await Promise.allSettled(asked)).find((one) => one.status === "rejected");
      if (refused) throw refused.reason;
    },
  };
}

async function ask(
  options: CallOptions,
  webhook: Webhook,
  request: AdmissionRequest,
  kind: KindDefinition,
  index: number,
): Promise<void> {
  try {
    await callWebhook(options, webhook, request, kind, false);
  } catch (error) {
    if (!(error instanceof WebhookFailure) || !webhook.ignoresFailures) throw failedClosed(error);
    options.logger.warn("failed calling webhook, failing open", { error: error.message });
    request.annotate(`failed-open.validating.webhook.admission.k8s.io/round_0_index_${index}`, webhook.name);
  }
}
