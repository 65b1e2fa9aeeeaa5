import { errorMessage, newUid } from "../../../base/index.ts";
import {
  type ConvertObjects,
  type CustomResourceDefinition,
  conversionReview,
  convertedObjects,
  objectsToConvert,
  statusInternal,
  withApiVersion,
} from "../../api/index.ts";
import type { WebhookClient, WebhookClientConfig } from "../webhook/webhook-client.ts";

/** How long a conversion webhook may take (apiextensions-apiserver webhook converter). */
const TIMEOUT_SECONDS = 30;
const NEVER = new AbortController().signal;

/** How the objects of a definition come from one of its versions to another: by their name alone, or by its webhook. */
export function converterOf({ spec }: CustomResourceDefinition, client: WebhookClient): ConvertObjects {
  const { strategy, webhook } = spec.conversion ?? {};
  if (strategy !== "Webhook" || !webhook)
    return async (objects, apiVersion) => objects.map((object) => withApiVersion(object, apiVersion));
  const config = webhook.clientConfig as WebhookClientConfig;
  return async (objects, apiVersion) => {
    const pending = objectsToConvert(objects, apiVersion);
    if (pending.length === 0) return [...objects];
    const review = conversionReview(webhook.conversionReviewVersions, {
      uid: newUid(),
      objects: pending,
      apiVersion,
    });
    const body = Buffer.from(JSON.stringify(review));
    const answer = await client
      .call(config, { body, timeoutSeconds: TIMEOUT_SECONDS, signal: NEVER })
      .catch((error) => {
        throw statusInternal(
          `conversion webhook for ${spec.group}/${pending[0]!.apiVersion.split("/")[1]}, Kind=${spec.names.kind} failed: ${errorMessage(error)}`,
          error,
        );
      });
    const converted = convertedObjects(review, answer);
    const byObject = new Map(pending.map((object, index) => [object, converted[index]!]));
    return objects.map((object) => byObject.get(object) ?? object);
  };
}
