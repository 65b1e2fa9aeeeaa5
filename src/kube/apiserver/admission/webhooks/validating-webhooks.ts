import type { AdmissionPlugin } from "../admission.ts";
import { isExempt } from "../matching/resource-rules.ts";
import type { VersionedRequest } from "../matching/versioned-request.ts";
import { type CallOptions, callWebhook, passOver } from "./call-webhook.ts";
import { type SelectOptions, selectWebhook } from "./select-webhook.ts";
import { VALIDATING, type Webhook, webhooksOf } from "./webhook.ts";

/** Webhooks that may refuse a request, all asked at once; the first refusal is told. */
export function validatingWebhooks(options: SelectOptions & CallOptions): AdmissionPlugin {
  return {
    name: "ValidatingAdmissionWebhook",
    async validate(request) {
      if (isExempt(request)) return;
      const webhooks = await webhooksOf(options.lookup, VALIDATING);
      const relevant: [Webhook, VersionedRequest][] = [];
      for (const webhook of webhooks) {
        const versioned = await selectWebhook(options, webhook, request);
        if (versioned) relevant.push([webhook, versioned]);
      }
      const asked = relevant.map(([webhook, versioned], index) => ask(options, webhook, versioned, index));
      const refused = (await Promise.allSettled(asked)).find((one) => one.status === "rejected");
      if (refused) throw refused.reason;
    },
  };
}

async function ask(
  options: CallOptions,
  webhook: Webhook,
  versioned: VersionedRequest,
  index: number,
): Promise<void> {
  try {
    await callWebhook(options, webhook, versioned, false);
  } catch (error) {
    passOver(error, webhook, { request: versioned.request, logger: options.logger });
    versioned.request.annotate(
      `failed-open.validating.webhook.admission.k8s.io/round_0_index_${index}`,
      webhook.name,
    );
  }
}
