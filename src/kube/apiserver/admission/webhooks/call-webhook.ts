import type { Logger } from "../../../../base/index.ts";
import {
  failureStatus,
  type KindDefinition,
  type Status,
  StatusError,
  statusBadRequest,
  statusInternal,
} from "../../../api/index.ts";
import type { WebhookClient } from "../../webhook/webhook-client.ts";
import type { AdmissionRequest } from "../admission.ts";
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
  request: AdmissionRequest,
  kind: KindDefinition,
  isMutating: boolean,
): Promise<ReviewAnswer> {
  if (request.dryRun && !webhook.mayDryRun)
    throw statusBadRequest(`admission webhook ${JSON.stringify(webhook.name)} does not support dry run`);
  const review = buildReview(webhook, request, kind);
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

/** What becomes of a failure where it is not passed over. */
export function failedClosed(error: unknown): unknown {
  return error instanceof WebhookFailure ? statusInternal(error.message, error) : error;
}
