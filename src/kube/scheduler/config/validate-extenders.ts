import { isQualifiedName } from "../../../formats/index.ts";
import { type FieldError, invalid, invalidEach, isExtendedResource } from "../../api/index.ts";
import type { ExtenderConfig } from "./configuration.ts";

/** What is wrong with the extenders, each and together (apis/config/validation). */
export function extendersProblems(extenders: readonly ExtenderConfig[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  const managed = new Set<string>();
  extenders.forEach(({ prioritizeVerb = "", weight = 0, managedResources = [] }, index) => {
    const at = `${path}[${index}]`;
    if (prioritizeVerb !== "" && weight <= 0)
      errors.push(invalid(`${at}.weight`, weight, "must have a positive weight applied to it"));
    managedResources.forEach(({ name = "" }, position) => {
      const where = `${at}.managedResources[${position}].name`;
      errors.push(...nameProblems(name, where));
      if (managed.has(name)) errors.push(invalid(where, name, "duplicate extender managed resource name"));
      managed.add(name);
    });
  });
  const binders = extenders.filter(({ bindVerb = "" }) => bindVerb !== "").length;
  if (binders > 1) {
    const found = `found ${binders} extenders implementing bind`;
    errors.push(invalid(path, found, "only one extender can implement bind"));
  }
  return errors;
}

function nameProblems(name: string, path: string): FieldError[] {
  const errors = invalidEach(path, name, isQualifiedName(name));
  if (errors.length > 0 || isExtendedResource(name)) return errors;
  return [invalid(path, name, "is an invalid extended resource name")];
}
