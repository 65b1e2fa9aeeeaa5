import { Buffer } from "node:buffer";
import { isDns1123SubdomainWithUnderscore } from "../../../../formats/index.ts";
import { invalid, invalidEach, required } from "../../field-error.ts";
import type { PodDNSConfig, PodSpec } from "../../generated/types.ts";
import { validateIp } from "../../ip-address.ts";
import type { FieldError } from "../../types.ts";

/** What the resolver of the C library can hold. */
const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;
const MAX_SEARCH_CHARS = 2048;

export function validateDnsConfig({ dnsConfig, dnsPolicy }: PodSpec, path: string): FieldError[] {
  if (dnsPolicy === "None") {
    if (dnsConfig === undefined) return [required(path, "must provide `dnsConfig` when `dnsPolicy` is None")];
    if (!dnsConfig.nameservers?.length) {
      const why = "must provide at least one DNS nameserver when `dnsPolicy` is None";
      return [required(`${path}.nameservers`, why)];
    }
  }
  if (dnsConfig === undefined) return [];
  return [
    ...validateNameservers(dnsConfig, `${path}.nameservers`),
    ...validateSearches(dnsConfig, `${path}.searches`),
    ...(dnsConfig.options ?? []).flatMap((option, index) =>
      option.name ? [] : [required(`${path}.options[${index}]`, "must not be empty")],
    ),
  ];
}

function validateNameservers({ nameservers = [] }: PodDNSConfig, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (nameservers.length > MAX_NAMESERVERS)
    errors.push(invalid(path, nameservers, `must not have more than ${MAX_NAMESERVERS} nameservers`));
  nameservers.forEach((server, index) => {
    errors.push(...validateIp(`${path}[${index}]`, server));
  });
  return errors;
}

function validateSearches({ searches = [] }: PodDNSConfig, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (searches.length > MAX_SEARCHES)
    errors.push(invalid(path, searches, `must not have more than ${MAX_SEARCHES} search paths`));
  if (Buffer.byteLength(searches.join(" ")) > MAX_SEARCH_CHARS) {
    const why = `must not have more than ${MAX_SEARCH_CHARS} characters (including spaces) in the search list`;
    errors.push(invalid(path, searches, why));
  }
  searches.forEach((search, index) => {
    if (search === ".") return;
    const name = search.replace(/\.$/, "");
    errors.push(...invalidEach(`${path}[${index}]`, name, isDns1123SubdomainWithUnderscore(name)));
  });
  return errors;
}
