import {
  isDns1035Label,
  isDns1123Subdomain,
  isPortName,
  isPortNumber,
  isWildcardDns1123Subdomain,
} from "../../../formats/index.ts";
import { GoLiteral, invalid, invalidEach, notSupported, required } from "../field-error.ts";
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressRule,
  IngressServiceBackend,
  IngressSpec,
  IngressTLS,
} from "../generated/types.ts";
import { parseIp, validateIp } from "../ip-address.ts";
import type { FieldError } from "../types.ts";
import { validateTypedReference } from "./typed-reference.ts";

const PATH_TYPES = ["Exact", "ImplementationSpecific", "Prefix"];
const BAD_SEQUENCES = ["//", "/./", "/../", "%2f", "%2F"];
const BAD_ENDS = ["/..", "/."];
const NO_ADDRESS = "must be a DNS name, not an IP address";

export function validateIngressSpec(spec: IngressSpec): FieldError[] {
  const { defaultBackend, rules = [], tls = [], ingressClassName: name } = spec;
  const errors: FieldError[] = [];
  if (rules.length === 0 && defaultBackend === undefined) {
    const none = new GoLiteral(`[]networking.IngressRule${spec.rules === undefined ? "(nil)" : "{}"}`);
    errors.push(invalid("spec", none, "either `defaultBackend` or `rules` must be specified"));
  }
  return [
    ...errors,
    ...(defaultBackend === undefined ? [] : validateBackend(defaultBackend, "spec.defaultBackend")),
    ...rules.flatMap((rule, index) => validateRule(rule, `spec.rules[${index}]`)),
    ...tls.flatMap((one, index) => validateTls(one, `spec.tls[${index}]`)),
    ...(name === undefined ? [] : invalidEach("spec.ingressClassName", name, isDns1123Subdomain(name))),
  ];
}

const hostProblems = (host: string) =>
  host.includes("*") ? isWildcardDns1123Subdomain(host) : isDns1123Subdomain(host);

function validateTls({ hosts = [], secretName }: IngressTLS, path: string): FieldError[] {
  return [
    ...hosts.flatMap((host, index) => invalidEach(`${path}.hosts[${index}]`, host, hostProblems(host))),
    ...(secretName ? invalidEach(`${path}.secretName`, secretName, isDns1123Subdomain(secretName)) : []),
  ];
}

function validateRule({ host, http }: IngressRule, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (host) {
    if (parseIp(host) !== undefined) errors.push(invalid(`${path}.host`, host, NO_ADDRESS));
    errors.push(...invalidEach(`${path}.host`, host, hostProblems(host)));
  }
  if (http === undefined) return errors;
  const paths = http.paths ?? [];
  if (paths.length === 0) errors.push(required(`${path}.http.paths`));
  return [...errors, ...paths.flatMap((one, index) => validatePath(one, `${path}.http.paths[${index}]`))];
}

function validatePath({ path: text = "", pathType, backend }: HTTPIngressPath, path: string): FieldError[] {
  if (pathType === undefined) return [required(`${path}.pathType`, "pathType must be specified")];
  return [...validatePathText(text, pathType, path), ...validateBackend(backend, `${path}.backend`)];
}

function validatePathText(text: string, pathType: string, path: string): FieldError[] {
  const isAbsolute = text.startsWith("/");
  const mustBeAbsolute = invalid(`${path}.path`, text, "must be an absolute path");
  switch (pathType) {
    case "Exact":
    case "Prefix":
      return [
        ...(isAbsolute ? [] : [mustBeAbsolute]),
        ...BAD_SEQUENCES.filter((one) => text.includes(one)).map((one) =>
          invalid(`${path}.path`, text, `must not contain '${one}'`),
        ),
        ...BAD_ENDS.filter((one) => text.endsWith(one)).map((one) =>
          invalid(`${path}.path`, text, `cannot end with '${one}'`),
        ),
      ];
    case "ImplementationSpecific":
      return isAbsolute || text === "" ? [] : [mustBeAbsolute];
    default:
      return [notSupported(`${path}.pathType`, pathType, PATH_TYPES)];
  }
}

function validateBackend({ resource, service }: IngressBackend, path: string): FieldError[] {
  if (resource !== undefined && service !== undefined)
    return [invalid(path, "", "cannot set both resource and service backends")];
  if (resource !== undefined) return validateTypedReference(resource, `${path}.resource`);
  if (service !== undefined) return validateServiceBackend(service, path);
  return [invalid(path, "", "resource or service backend is required")];
}

function validateServiceBackend({ name, port = {} }: IngressServiceBackend, path: string): FieldError[] {
  const at = `${path}.service`;
  return [
    ...(name === "" ? [required(`${at}.name`)] : invalidEach(`${at}.name`, name, isDns1035Label(name))),
    ...validateBackendPort(port, path),
  ];
}

function validateBackendPort(
  { name, number }: { name?: string; number?: number },
  path: string,
): FieldError[] {
  if (name && number) return [invalid(path, "", "cannot set both port name & port number")];
  if (name) return invalidEach(`${path}.service.port.name`, name, isPortName(name));
  if (number) return invalidEach(`${path}.service.port.number`, number, isPortNumber(number));
  return [required(path, "port name or number is required")];
}

export function validateIngressStatus(next: Ingress, previous: Ingress): FieldError[] {
  const known = (previous.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip ?? "").filter(Boolean);
  return (next.status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }, index) => {
    const path = `status.loadBalancer.ingress[${index}]`;
    return [
      ...(ip ? validateIp(`${path}.ip`, ip, known) : []),
      ...(hostname ? invalidEach(`${path}.hostname`, hostname, isDns1123Subdomain(hostname)) : []),
      ...(hostname && parseIp(hostname) !== undefined
        ? [invalid(`${path}.hostname`, hostname, NO_ADDRESS)]
        : []),
    ];
  });
}
