import { formatLabels } from "../../../formats/index.ts";
import { containerColumns, nameColumn, textColumn } from "../columns.ts";
import type { PodTemplate } from "../generated/types.ts";
import type { KindDefinition } from "../types.ts";
import { setPodTemplateDefaults } from "./pod/defaults.ts";
import { dropDisabledTemplateFields } from "./pod/disabled-fields.ts";
import { validatePodTemplate } from "./pod/validate.ts";
import { warningsOfTemplate } from "./pod/warnings.ts";

export const podTemplates: KindDefinition<PodTemplate> = {
  group: "",
  version: "v1",
  kind: "PodTemplate",
  resource: "podtemplates",
  singular: "podtemplate",
  namespaced: true,
  model: "io.k8s.api.core.v1.PodTemplate",
  hasStatus: false,
  tracksGeneration: true,
  allowUnconditionalUpdate: true,
  returnsDeletedObject: true,
  takesOldMetadata: true,
  defaults,
  validate: ({ template }) => validatePodTemplate(template!, "template"),
  warnings,
  prepareForCreate: ({ template }) => dropDisabledTemplateFields(template),
  prepareForUpdate: (next, previous) => dropDisabledTemplateFields(next.template, previous.template),
  columns: [
    nameColumn,
    ...containerColumns((one) => one.template?.spec?.containers ?? [], { wide: false }),
    textColumn("Pod Labels", ({ template }: PodTemplate) => formatLabels(template?.metadata?.labels)),
  ],
};

function defaults(one: PodTemplate): void {
  one.template ??= {};
  setPodTemplateDefaults(one.template);
}

function warnings({ metadata, template }: PodTemplate, previous?: PodTemplate): string[] {
  if (previous && previous.metadata.generation === metadata.generation) return [];
  return warningsOfTemplate(template, "template");
}
