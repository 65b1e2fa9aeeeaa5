import { isDns1123Label, isDns1123Subdomain } from "../../../formats/index.ts";
import { invalid, required } from "../field-error.ts";
import type { FieldError } from "../types.ts";

/** A name of at least two labels; a dot at its end is fine (apimachinery IsFullyQualifiedDomainName). */
export function validateDomainName(text: string, path: string): FieldError[] {
  if (text === "") return [required(path)];
  const name = text.replace(/\.$/, "");
  const problems = isDns1123Subdomain(name);
  if (problems.length > 0) return [invalid(path, name, problems.join(","))];
  const labels = name.split(".");
  if (labels.length < 2)
    return [invalid(path, name, "should be a domain with at least two segments separated by dots")];
  return labels.flatMap((label) => {
    const ofLabel = isDns1123Label(label);
    return ofLabel.length === 0 ? [] : [invalid(path, label, ofLabel.join(","))];
  });
}
