import type { MutatingWebhookConfiguration } from "../generated/types.ts";
import type { KindDefinition } from "../types.ts";
import { setWebhookDefaults, validateWebhooks, webhookColumns } from "./webhook-configuration.ts";

export const mutatingWebhookConfigurations: KindDefinition<MutatingWebhookConfiguration> = {
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "MutatingWebhookConfiguration",
  resource: "mutatingwebhookconfigurations",
  singular: "mutatingwebhookconfiguration",
  categories: ["api-extensions"],
  namespaced: false,
  model: "io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration",
  hasStatus: false,
  tracksGeneration: true,
  generationTellsEmptyFromNone: true,
  takesAnyFinalizer: true,
  tellsMetadataChangesOnce: true,
  defaults: (configuration) => {
    setWebhookDefaults(configuration);
    for (const webhook of configuration.webhooks ?? []) webhook.reinvocationPolicy ??= "Never";
  },
  validate: validateWebhooks,
  columns: webhookColumns,
};
