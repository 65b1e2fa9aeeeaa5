import { ageColumn, integerColumn, nameColumn } from "../columns.ts";
import { duplicate } from "../field-error.ts";
import type { MutatingWebhook, ValidatingWebhook } from "../generated/types.ts";
import type { FieldError, KubeObject, TableColumn } from "../types.ts";
import { setMatchDefaults, setRuleDefaults } from "./match-resources.ts";
import { toleranceOf, validateReviewVersions, validateWebhook } from "./validate-webhook.ts";

export type Webhook = ValidatingWebhook & Partial<Pick<MutatingWebhook, "reinvocationPolicy">>;

interface WebhookConfiguration extends KubeObject {
  webhooks?: Webhook[];
}

export function setWebhookDefaults({ webhooks = [] }: WebhookConfiguration): void {
  for (const webhook of webhooks) {
    webhook.failurePolicy ??= "Fail";
    setMatchDefaults(webhook);
    webhook.timeoutSeconds ??= 10;
    if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443;
    for (const rule of webhook.rules ?? []) setRuleDefaults(rule);
  }
}

/** What an older server let pass is let be in an update. */
export function validateWebhooks(
  { webhooks = [] }: WebhookConfiguration,
  previous?: WebhookConfiguration,
): FieldError[] {
  const tolerance = toleranceOf(webhooks, previous && (previous.webhooks ?? []));
  const names = new Set<string>();
  return webhooks.flatMap((webhook, index) => {
    const path = `webhooks[${index}]`;
    const errors = [
      ...validateWebhook(webhook, path, tolerance),
      ...validateReviewVersions(
        webhook.admissionReviewVersions ?? [],
        `${path}.admissionReviewVersions`,
        tolerance,
      ),
    ];
    const isRepeated = webhook.name !== "" && names.has(webhook.name);
    if (isRepeated && !tolerance.repeatedNames) errors.push(duplicate(`${path}.name`, webhook.name));
    names.add(webhook.name);
    return errors;
  });
}

export const webhookColumns: TableColumn[] = [
  nameColumn,
  integerColumn("Webhooks", ({ webhooks }: WebhookConfiguration) => webhooks?.length ?? 0),
  ageColumn,
];
