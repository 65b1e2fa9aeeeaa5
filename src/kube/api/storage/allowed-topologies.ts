import { isQualifiedName, jsonEquals } from "../../../formats/index.ts";
import { duplicate, invalidEach, required } from "../field-error.ts";
import type { TopologySelectorLabelRequirement, TopologySelectorTerm } from "../generated/types.ts";
import type { FieldError } from "../types.ts";

/** What a term says, whatever the order: each key with its values. */
type TermContent = Record<string, string[]>;

/** The terms of `allowedTopologies` (upstream validateAllowedTopologies); no two may say the same. */
export function validateAllowedTopologies(
  terms: readonly TopologySelectorTerm[],
  path: string,
): FieldError[] {
  // Upstream compares with as many empty contents, too: a term that says nothing is told as often.
  const seen: TermContent[] = terms.map(() => ({}));
  return terms.flatMap((term, index) => {
    const at = `${path}[${index}].matchLabelExpressions`;
    const content = contentOf(term);
    const errors = validateRequirements(term.matchLabelExpressions ?? [], at);
    errors.push(...seen.filter((one) => jsonEquals(one, content)).map(() => duplicate(at, "")));
    seen.push(content);
    return errors;
  });
}

function contentOf({ matchLabelExpressions = [] }: TopologySelectorTerm): TermContent {
  return Object.fromEntries(
    matchLabelExpressions.map(({ key, values }) => [key, [...new Set(values ?? [])].sort()]),
  );
}

function validateRequirements(
  requirements: readonly TopologySelectorLabelRequirement[],
  path: string,
): FieldError[] {
  const keys = new Set<string>();
  return requirements.flatMap(({ key, values: given }, index) => {
    const at = `${path}[${index}]`;
    const values = given ?? [];
    const errors = [
      ...(values.length === 0 ? [required(`${at}.values`)] : []),
      ...values.flatMap((value, place) =>
        values.indexOf(value) < place ? [duplicate(`${at}.values[${place}]`, value)] : [],
      ),
      ...invalidEach(`${at}.key`, key, isQualifiedName(key)),
      ...(keys.has(key) ? [duplicate(`${at}.key`, key)] : []),
    ];
    keys.add(key);
    return errors;
  });
}
