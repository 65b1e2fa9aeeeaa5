import { Buffer } from "node:buffer";
import {
  DNS1123_LABEL_MAX,
  DNS1123_SUBDOMAIN_MAX,
  isDns1123Label,
  isDns1123Subdomain,
} from "../../../formats/index.ts";
import { invalid, invalidEach, required, tooLong } from "../field-error.ts";
import type { FieldError } from "../types.ts";

/** `example.com/signer-name`: who signs certificates (core ValidateSignerName). */
export function validateSignerName(signerName: string, path: string): FieldError[] {
  if (signerName === "") return [required(path)];
  const [domain = "", name = "", ...more] = signerName.split("/");
  if (more.length > 0 || !signerName.includes("/")) {
    const why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    return [invalid(path, signerName, why)];
  }
  const labels = domain.split(".");
  const errors = [
    ...limit(domain, DNS1123_SUBDOMAIN_MAX, path),
    ...firstBadLabel(domain, labels, isDns1123Label, path),
  ];
  if (labels.length < 2)
    errors.push(invalid(path, domain, "should be a domain with at least two segments separated by dots"));
  return [
    ...errors,
    ...firstBadLabel(name, name.split("."), isDns1123Subdomain, path),
    // A name fits into one label behind a namespace.
    ...limit(signerName, 2 * DNS1123_SUBDOMAIN_MAX + DNS1123_LABEL_MAX + 2, path),
  ];
}

const limit = (text: string, max: number, path: string): FieldError[] =>
  Buffer.byteLength(text) > max ? [tooLong(path, max)] : [];

/** Of several bad labels only the first is told. */
function firstBadLabel(
  text: string,
  labels: readonly string[],
  problemsOf: (label: string) => string[],
  path: string,
): FieldError[] {
  const bad = labels.find((label) => problemsOf(label).length > 0);
  if (bad === undefined) return [];
  const problems = problemsOf(bad).map((problem) => `validating label ${JSON.stringify(bad)}: ${problem}`);
  return invalidEach(path, text, problems);
}
