import { isDns1123Label, isDns1123Subdomain, isHttpPath } from "../../../formats/index.ts";
import { invalid, invalidEach, required } from "../field-error.ts";
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

/** A name of at least three labels (apimachinery IsFullyQualifiedName). */
export function validateFullyQualifiedName(text: string, path: string): FieldError[] {
  if (text === "") return [required(path)];
  const problems = isDns1123Subdomain(text);
  if (problems.length > 0) return [invalid(path, text, problems.join(","))];
  if (text.split(".").length >= 3) return [];
  return [invalid(path, text, "should be a domain with at least three segments separated by dots")];
}

/** `acme.io/foo`: a domain, a slash and a path (apimachinery IsDomainPrefixedPath). */
export function validateDomainPrefixedPath(text: string, path: string): FieldError[] {
  if (text === "") return [required(path)];
  const [, domain, rest] = /^([^/]+)\/(.+)$/s.exec(text) ?? [];
  if (domain === undefined || rest === undefined)
    return [invalid(path, text, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  return [
    ...invalidEach(path, domain, isDns1123Subdomain(domain)),
    ...invalidEach(path, rest, isHttpPath(rest)),
  ];
}
