import type { LabelSelector } from "../../../../formats/index.ts";
import {
  equivalentsOf,
  type KindDefinition,
  type KindSource,
  type KubeObject,
  namespaces,
  statusForbidden,
  statusNotFound,
} from "../../../api/index.ts";
import type { ObjectLookup } from "../../objects/object-lookup.ts";
import type { AdmissionRequest } from "../admission.ts";
import { ruleMatches } from "./resource-rules.ts";
import type { Webhook } from "./webhook.ts";

export interface SelectOptions {
  kinds: KindSource;
  lookup: ObjectLookup;
  /** Whether all of a webhook's match conditions hold; throws what is wrong with one. */
  conditionsHold: (webhook: Webhook, request: AdmissionRequest) => Promise<boolean>;
}

/**
 * As which kind the webhook is to see the request; undefined where it has no business with it
 * (webhook/generic ShouldCallHook).
 */
export async function selectWebhook(
  options: SelectOptions,
  webhook: Webhook,
  request: AdmissionRequest,
): Promise<KindDefinition | undefined> {
  if (!objectMatches(webhook.objectSelector, request)) return undefined;
  const kind = kindFor(options.kinds, webhook, request);
  if (!kind || !(await namespaceMatches(options.lookup, webhook.namespaceSelector, request)))
    return undefined;
  if (webhook.matchConditions.length === 0) return kind;
  try {
    return (await options.conditionsHold(webhook, request)) ? kind : undefined;
  } catch (error) {
    throw statusForbidden(request.kind, request.name ?? "", (error as Error).message);
  }
}

function kindFor(kinds: KindSource, webhook: Webhook, request: AdmissionRequest): KindDefinition | undefined {
  const { kind } = request;
  if (webhook.rules.some((rule) => ruleMatches(rule, kind, request))) return kind;
  if (!webhook.matchesEquivalents) return undefined;
  const others = equivalentsOf(kinds, kind);
  for (const rule of webhook.rules) {
    const found = others.find((other) => ruleMatches(rule, other, request));
    if (found) return found;
  }
  return undefined;
}

export function objectMatches(selector: LabelSelector, { object, oldObject }: AdmissionRequest): boolean {
  if (selector.requirements.length === 0) return true;
  const isSelected = (one: KubeObject | undefined) =>
    one?.metadata !== undefined && selector.matches(one.metadata.labels ?? {});
  return isSelected(object) || isSelected(oldObject);
}

/** What lies in no namespace is never passed over. */
export async function namespaceMatches(
  lookup: ObjectLookup,
  selector: LabelSelector,
  request: AdmissionRequest,
): Promise<boolean> {
  const { kind, namespace } = request;
  if (selector.requirements.length === 0) return true;
  if (!namespace && kind.resource !== "namespaces") return true;
  return selector.matches(await namespaceLabels(lookup, request));
}

async function namespaceLabels(
  lookup: ObjectLookup,
  { kind, subresource, operation, namespace, name, object }: AdmissionRequest,
): Promise<Record<string, string>> {
  const isOwn = kind.resource === "namespaces" && !subresource;
  if (isOwn && (operation === "CREATE" || operation === "UPDATE")) return object!.metadata.labels ?? {};
  const of = namespace || name || "";
  const found = await lookup.get(namespaces, undefined, of);
  if (!found) throw statusNotFound(namespaces, of);
  return found.metadata.labels ?? {};
}
