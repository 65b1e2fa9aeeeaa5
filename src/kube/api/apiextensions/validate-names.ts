import { isDns1035Label } from "../../../formats/index.ts";
import { invalid } from "../field-error.ts";
import type { CustomResourceDefinitionNames } from "../generated/types.ts";
import type { FieldError } from "../types.ts";

/** Names that are asked for or accepted; those that are absent are fine. */
export function validateNames(names: CustomResourceDefinitionNames, path: string): FieldError[] {
  const { plural, singular = "", kind, listKind = "", shortNames = [], categories = [] } = names;
  const errors = [
    ...validateLabel(plural, `${path}.plural`),
    ...validateLabel(singular, `${path}.singular`),
    ...validateKind(kind, `${path}.kind`),
    ...validateKind(listKind, `${path}.listKind`),
    ...validateEach(shortNames, `${path}.shortNames`),
  ];
  if (kind !== "" && kind === listKind)
    errors.push(invalid(`${path}.listKind`, listKind, "kind and listKind may not be the same"));
  return [...errors, ...validateEach(categories, `${path}.categories`)];
}

function validateLabel(text: string, path: string): FieldError[] {
  return text === "" ? [] : joined(isDns1035Label(text), text, path);
}

function validateKind(text: string, path: string): FieldError[] {
  if (text === "") return [];
  const problems = isDns1035Label(text.toLowerCase());
  const prefix = "may have mixed case, but should otherwise match: ";
  return problems.length === 0 ? [] : [invalid(path, text, prefix + problems.join(","))];
}

function validateEach(list: readonly string[], path: string): FieldError[] {
  return list.flatMap((text, index) => joined(isDns1035Label(text), text, `${path}[${index}]`));
}

export function joined(problems: readonly string[], value: string, path: string): FieldError[] {
  return problems.length === 0 ? [] : [invalid(path, value, problems.join(","))];
}
