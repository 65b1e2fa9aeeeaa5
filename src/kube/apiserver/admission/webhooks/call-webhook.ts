import type { Logger } from "../../../../base/index.ts";
import {
  failureStatus,
  type Status,
  StatusError,
  statusBadRequest,
  statusInternal,
  statusTimeout,
} from "../../../api/index.ts";
import type { WebhookClient } from "../../webhook/webhook-client.ts";
import type { AdmissionRequest } from "../admission.ts";
import type { VersionedRequest } from "../matching/versioned-request.ts";
import { buildReview, type ReviewAnswer, readReview } from "./admission-review.ts";
import type { Webhook } from "./webhook.ts";

/** The call failed, and nobody knows what the webhook would have said (webhookutil.ErrCallingWebhook). */
export class WebhookFailure extends Error {
  constructor(webhook: Webhook, reason: string) {
    super(`failed calling webhook ${JSON.stringify(webhook.name)}: ${reason}`);
  }
}

export interface CallOptions {
  client: WebhookClient;
  logger: Logger;
}

/** What the webhook says of the request. Throws WebhookFailure; StatusError where it refuses, or cannot take a dry run. */
export async function callWebhook(
  { client }: CallOptions,
  webhook: Webhook,
  versioned: VersionedRequest,
  isMutating: boolean,
): Promise<ReviewAnswer> {
  const { request } = versioned;
  if (request.dryRun && !webhook.mayDryRun)
    throw statusBadRequest(`admission webhook ${JSON.stringify(webhook.name)} does not support dry run`);
  const review = buildReview(webhook, versioned);
  if (!review) {
    throw new WebhookFailure(
      webhook,
      "could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)",
    );
  }
  const { body } = review;
  const { timeoutSeconds, clientConfig } = webhook;
  const value = await client
    .call(clientConfig, { body, timeoutSeconds, signal: request.signal })
    .catch((error: Error) => {
      throw new WebhookFailure(webhook, `failed to call webhook: ${error.message}`);
    });
  const answer = checked(webhook, () => readReview(value, review, isMutating));
  for (const [key, text] of Object.entries(answer.auditAnnotations))
    request.annotate(`${webhook.name}/${key}`, text);
  for (const warning of answer.warnings) request.warn(warning);
  if (!answer.allowed) throw rejection(webhook, answer.result ?? {});
  return answer;
}

function checked<T>(webhook: Webhook, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new WebhookFailure(webhook, `received invalid webhook response: ${(error as Error).message}`);
  }
}

/** What the client is told of a refusal (webhook/errors.ToStatusErr). */
function rejection({ name }: Webhook, { message, reason, details, code = 0 }: Partial<Status>): StatusError {
  const denied = `admission webhook ${JSON.stringify(name)} denied the request`;
  const why = message || reason;
  const text = why ? `${denied}: ${why}` : `${denied} without explanation`;
  return new StatusError({
    ...failureStatus(code < 400 ? 400 : code, reason ?? "", text, details),
    ...(reason ? {} : { reason: undefined }),
  });
}

/**
 * Throws what the client is told of an error of a webhook; returns where it is a failure that is passed over. Whose client is
 * gone waits for nothing more.
 */
export function passOver(
  error: unknown,
  webhook: Webhook,
  { request, logger }: { request: AdmissionRequest; logger: Logger },
): void {
  if (!(error instanceof WebhookFailure)) throw error;
  if (!webhook.ignoresFailures) throw statusInternal(error.message, error);
  if (request.signal.aborted) throw statusTimeout("request did not complete within requested timeout");
  logger.warn("failed calling webhook, failing open", { error: error.message });
}
