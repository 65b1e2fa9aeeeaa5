import { errorMessage } from "../../../../base/index.ts";
import { type KindSource, statusForbidden, statusInternal } from "../../../api/index.ts";
import type { Authorizer } from "../../authorization/authorizer.ts";
import type { ObjectLookup } from "../../objects/object-lookup.ts";
import type { AdmissionRequest } from "../admission.ts";
import { AuthorizationQuestions } from "../expressions/authorization-questions.ts";
import { matchedResource } from "../matching/matched-resource.ts";
import { namespaceMatches, objectMatches } from "../matching/selectors.ts";
import { type VersionedRequest, versionedRequest } from "../matching/versioned-request.ts";
import type { Webhook } from "./webhook.ts";

export interface SelectOptions {
  kinds: KindSource;
  lookup: ObjectLookup;
  authorizer: Authorizer;
}

/**
 * The request as the webhook is to see it; undefined where it has no business with it (webhook/generic ShouldCallHook).
 * Throws NotFound where the namespace that would tell is absent, Forbidden where match conditions fail, and what keeps the
 * objects from being converted.
 */
export async function selectWebhook(
  options: SelectOptions,
  webhook: Webhook,
  request: AdmissionRequest,
): Promise<VersionedRequest | undefined> {
  if (!objectMatches(webhook.objectSelector, request)) return undefined;
  const resource = matchedResource(options.kinds, webhook.rules, request, webhook.matchesEquivalents);
  if (!resource || !(await namespaceMatches(options.lookup, webhook.namespaceSelector, request)))
    return undefined;
  const versioned = await versionedRequest(request, resource).catch((error) => {
    throw statusInternal(errorMessage(error), error);
  });
  return (await conditionsHold(options, webhook, versioned)) ? versioned : undefined;
}

async function conditionsHold(
  { authorizer }: SelectOptions,
  webhook: Webhook,
  versioned: VersionedRequest,
): Promise<boolean> {
  if (!webhook.conditions) return true;
  const { request } = versioned;
  const questions = new AuthorizationQuestions(authorizer, request.user);
  // Conditions speak of the resource as it was asked for.
  const seen = { ...versioned, resource: request.kind };
  try {
    return await webhook.conditions.hold({
      versioned: seen,
      params: undefined,
      variables: new Map(),
      questions,
    });
  } catch (error) {
    throw statusForbidden(request.kind, request.name ?? "", errorMessage(error));
  }
}
