import type { ValidatingWebhookConfiguration } from "../generated/types.ts";
import type { KindDefinition } from "../types.ts";
import { setWebhookDefaults, validateWebhooks, webhookColumns } from "./webhook-configuration.ts";

export const validatingWebhookConfigurations: KindDefinition<ValidatingWebhookConfiguration> = {
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "ValidatingWebhookConfiguration",
  resource: "validatingwebhookconfigurations",
  singular: "validatingwebhookconfiguration",
  categories: ["api-extensions"],
  namespaced: false,
  model: "io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration",
  hasStatus: false,
  tracksGeneration: true,
  generationTellsEmptyFromNone: true,
  takesAnyFinalizer: true,
  tellsMetadataChangesOnce: true,
  defaults: setWebhookDefaults,
  validate: validateWebhooks,
  columns: webhookColumns,
};
