import { type LabelSelector, labelSelectorFrom } from "../../../../formats/index.ts";
import type { KubeObject } from "../../../api/index.ts";
import type { ObjectLookup } from "../../objects/object-lookup.ts";
import type { WebhookClientConfig } from "../../webhook/webhook-client.ts";
import { expressionCompiler } from "../expressions/expression.ts";
import { type MatchCondition, MatchConditions } from "../expressions/match-conditions.ts";
import type { ResourceRule } from "../matching/resource-rules.ts";

/** One entry of a webhook configuration, ready for use. */
export interface Webhook {
  /** The same for the same entry from request to request. */
  uid: string;
  configurationName: string;
  name: string;
  clientConfig: WebhookClientConfig;
  rules: readonly ResourceRule[];
  matchesEquivalents: boolean;
  namespaceSelector: LabelSelector;
  objectSelector: LabelSelector;
  /** Undefined where there are none. */
  conditions: MatchConditions | undefined;
  /** May be called for a request of which nothing is kept. */
  mayDryRun: boolean;
  /** A failure of the call lets the request pass. */
  ignoresFailures: boolean;
  isReinvoked: boolean;
  timeoutSeconds: number;
  reviewVersions: readonly string[];
}

const resource = (name: string) => ({
  group: "admissionregistration.k8s.io",
  resource: name,
  namespaced: false,
});
export const MUTATING = resource("mutatingwebhookconfigurations");
export const VALIDATING = resource("validatingwebhookconfigurations");

const known = new WeakMap<KubeObject, readonly Webhook[]>();

/** All entries of all configurations, by the configurations' names. */
export async function webhooksOf(
  lookup: ObjectLookup,
  configurations: typeof MUTATING,
): Promise<readonly Webhook[]> {
  const objects = await lookup.list(configurations);
  return objects.length === 0 ? [] : objects.flatMap(compiled);
}

function compiled(configuration: KubeObject): readonly Webhook[] {
  const webhooks = known.get(configuration) ?? compile(configuration);
  known.set(configuration, webhooks);
  return webhooks;
}

function compile({ metadata, webhooks = [] }: KubeObject): readonly Webhook[] {
  const counts = new Map<string, number>();
  // biome-ignore lint/suspicious/noExplicitAny: entries of both kinds of configurations
  return webhooks.map((entry: any): Webhook => {
    const count = counts.get(entry.name) ?? 0;
    counts.set(entry.name, count + 1);
    return {
      uid: `${metadata.name}/${entry.name}/${count}`,
      configurationName: metadata.name,
      name: entry.name,
      clientConfig: entry.clientConfig,
      rules: entry.rules ?? [],
      matchesEquivalents: entry.matchPolicy !== "Exact",
      namespaceSelector: labelSelectorFrom(entry.namespaceSelector ?? {}),
      objectSelector: labelSelectorFrom(entry.objectSelector ?? {}),
      conditions: conditionsOf(entry),
      mayDryRun: entry.sideEffects === "None" || entry.sideEffects === "NoneOnDryRun",
      ignoresFailures: entry.failurePolicy === "Ignore",
      isReinvoked: entry.reinvocationPolicy === "IfNeeded",
      timeoutSeconds: entry.timeoutSeconds ?? 10,
      reviewVersions: entry.admissionReviewVersions ?? [],
    };
  });
}

function conditionsOf(entry: { matchConditions?: MatchCondition[]; failurePolicy?: string }) {
  const { matchConditions = [], failurePolicy } = entry;
  if (matchConditions.length === 0) return undefined;
  const compiler = () => expressionCompiler({ hasParams: false, hasAuthorizer: true });
  return new MatchConditions(matchConditions, compiler, { ignoresFailures: failurePolicy === "Ignore" });
}
