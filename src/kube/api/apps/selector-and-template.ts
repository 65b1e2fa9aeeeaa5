import { jsonEquals, type LabelSelectorObject, labelSelectorFrom } from "../../../formats/index.ts";
import { validateTemplateOfReplicas } from "../core/pod/validate.ts";
import { goLabelSelector, goStringMap, invalid, required } from "../field-error.ts";
import type { PodTemplateSpec } from "../generated/types.ts";
import { isEmptySelector, validateLabelSelector } from "../meta/label-selector.ts";
import type { FieldError } from "../types.ts";

interface SelectorAndTemplate {
  selector?: LabelSelectorObject;
  template?: PodTemplateSpec;
}

/** A selector that is there, selects something, and selects the pods of the template; with a bad one the template is not looked at. */
export function validateSelectorAndTemplate(spec: SelectorAndTemplate, emptyMessage: string): FieldError[] {
  const { selector } = spec;
  const template = spec.template ?? ({} as PodTemplateSpec);
  if (selector === undefined)
    return [required("spec.selector"), mismatch(template), ...validateTemplate(template)];
  const errors = validateLabelSelector(selector, "spec.selector");
  if (errors.length > 0)
    return [...errors, invalid("spec.selector", goLabelSelector(selector), "invalid label selector")];
  if (isEmptySelector(selector))
    return [invalid("spec.selector", goLabelSelector(selector), emptyMessage), ...validateTemplate(template)];
  const isMatch = labelSelectorFrom(selector).matches(template.metadata?.labels ?? {});
  return [...(isMatch ? [] : [mismatch(template)]), ...validateTemplate(template)];
}

// Upstream tells Deployments of the sets that they make.
const validateTemplate = (template: PodTemplateSpec) =>
  validateTemplateOfReplicas(template, "spec.template", "ReplicaSet");

export function mismatch(template: PodTemplateSpec): FieldError {
  const labels = goStringMap(template.metadata?.labels);
  return invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`");
}

export function sameSelector(
  a: LabelSelectorObject | undefined,
  b: LabelSelectorObject | undefined,
): boolean {
  return jsonEquals(a ?? {}, b ?? {});
}
