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

/** A selector that is there, selects something, and selects the pods of the template. */
export function validateSelectorAndTemplate(spec: SelectorAndTemplate, emptyMessage: string): FieldError[] {
  const { selector } = spec;
  const template = spec.template ?? ({} as PodTemplateSpec);
  const errors: FieldError[] = [];
  if (selector === undefined) errors.push(required("spec.selector"));
  else {
    errors.push(...validateLabelSelector(selector, "spec.selector"));
    if (isEmptySelector(selector))
      errors.push(invalid("spec.selector", goLabelSelector(selector), emptyMessage));
  }
  const isUsable = errors.length === 0;
  if (isUsable && !matchesTemplate(selector, template)) {
    const labels = goStringMap(template.metadata?.labels);
    const why = "`selector` does not match template `labels`";
    errors.push(invalid("spec.template.metadata.labels", labels, why));
  } else if (selector !== undefined && !isUsable && !isEmptySelector(selector)) {
    errors.push(invalid("spec.selector", goLabelSelector(selector), "invalid label selector"));
  }
  return [...errors, ...validateTemplateOfReplicas(template, "spec.template")];
}

function matchesTemplate(selector: LabelSelectorObject | undefined, template: PodTemplateSpec): boolean {
  return labelSelectorFrom(selector).matches(template.metadata?.labels ?? {});
}

export function sameSelector(
  a: LabelSelectorObject | undefined,
  b: LabelSelectorObject | undefined,
): boolean {
  return jsonEquals(a ?? {}, b ?? {});
}
