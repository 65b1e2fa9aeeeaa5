import { errorMessage, newUid } from "../../../base/index.ts";
import {
  type ConvertObjects,
  type CustomResourceDefinition,
  conversionReview,
  convertedObjects,
  type KubeObject,
  objectsToConvert,
  statusUnclassified,
  withApiVersion,
} from "../../api/index.ts";
import type { WebhookClient, WebhookClientConfig } from "../webhook/webhook-client.ts";

/** How long a conversion webhook may take (apiextensions-apiserver webhook converter). */
const TIMEOUT_SECONDS = 30;
const NEVER = new AbortController().signal;

/**
 * How the objects of a definition come from one of its versions to another: by their name alone, or by its webhook, whose
 * failures are told in upstream's words (500 without a reason).
 */
export function converterOf({ spec }: CustomResourceDefinition, client: WebhookClient): ConvertObjects {
  const { strategy, webhook } = spec.conversion ?? {};
  if (strategy !== "Webhook" || !webhook)
    return async (objects, apiVersion) => objects.map((object) => withApiVersion(object, apiVersion));
  const config = webhook.clientConfig as WebhookClientConfig;
  const convertedBy = async (pending: KubeObject[], apiVersion: string): Promise<KubeObject[]> => {
    const review = conversionReview(webhook.conversionReviewVersions, {
      uid: newUid(),
      objects: pending,
      apiVersion,
    });
    const body = Buffer.from(JSON.stringify(review));
    const answer = await client
      .call(config, { body, timeoutSeconds: TIMEOUT_SECONDS, signal: NEVER })
      .catch((error) => {
        const of = `${pending[0]!.apiVersion}, Kind=${spec.names.kind}`;
        throw new Error(`conversion webhook for ${of} failed: ${errorMessage(error)}`, { cause: error });
      });
    return convertedObjects(review, answer);
  };
  return async (objects, apiVersion) => {
    const pending = objectsToConvert(objects, apiVersion);
    if (pending.length === 0) return [...objects];
    const converted = await convertedBy(pending, apiVersion).catch((error) => {
      throw statusUnclassified(errorMessage(error), error);
    });
    const byObject = new Map(pending.map((object, index) => [object, converted[index]!]));
    return objects.map((object) => byObject.get(object) ?? object);
  };
}
