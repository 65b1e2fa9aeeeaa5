import { isDns1123Label, isDns1123Subdomain, isPortNumber, isQualifiedName } from "../../../formats/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import { invalid, invalidEach, oneOf, required } from "../field-error.ts";
import type { EndpointAddress, EndpointPort, EndpointSubset, Endpoints } from "../generated/types.ts";
import { formatIp, parseIp, validateIp, warningsOfIp } from "../ip-address.ts";
import type { FieldError, KindDefinition } from "../types.ts";

export const endpoints: KindDefinition<Endpoints> = {
  group: "",
  version: "v1",
  kind: "Endpoints",
  resource: "endpoints",
  singular: "endpoints",
  shortNames: ["ep"],
  namespaced: true,
  model: "io.k8s.api.core.v1.Endpoints",
  hasStatus: false,
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: true,
  defaults,
  validate,
  warnings,
  columns: [nameColumn, textColumn("Endpoints", endpointsText), ageColumn],
};

function defaults(object: Endpoints): void {
  for (const subset of object.subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= "TCP";
}

function validate({ subsets = [] }: Endpoints): FieldError[] {
  return subsets.flatMap((subset, index) => validateSubset(subset, `subsets[${index}]`));
}

function validateSubset(subset: EndpointSubset, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!subset.addresses?.length && !subset.notReadyAddresses?.length) {
    errors.push(required(path, "must specify `addresses` or `notReadyAddresses`"));
  }
  for (const list of ["addresses", "notReadyAddresses"] as const) {
    subset[list]?.forEach((address, index) => {
      errors.push(...validateAddress(address, `${path}.${list}[${index}]`));
    });
  }
  const ports = subset.ports ?? [];
  return [
    ...errors,
    ...ports.flatMap((port, index) => validatePort(port, ports.length > 1, `${path}.ports[${index}]`)),
  ];
}

function validatePort(port: EndpointPort, needsName: boolean, path: string): FieldError[] {
  const { name, port: number, protocol, appProtocol } = port;
  return [
    ...(needsName && !name ? [required(`${path}.name`)] : []),
    ...(name ? invalidEach(`${path}.name`, name, isDns1123Label(name)) : []),
    ...invalidEach(`${path}.port`, number, isPortNumber(number)),
    ...oneOf(`${path}.protocol`, protocol, ["SCTP", "TCP", "UDP"]),
    ...(appProtocol === undefined
      ? []
      : invalidEach(`${path}.appProtocol`, appProtocol, isQualifiedName(appProtocol))),
  ];
}

function validateAddress({ ip, hostname, nodeName }: EndpointAddress, path: string): FieldError[] {
  return [
    ...validateIp(`${path}.ip`, ip),
    ...(hostname ? invalidEach(`${path}.hostname`, hostname, isDns1123Label(hostname)) : []),
    ...(nodeName === undefined
      ? []
      : invalidEach(`${path}.nodeName`, nodeName, isDns1123Subdomain(nodeName))),
    ...validateReachable(ip, `${path}.ip`),
  ];
}

/** Addresses that would make a Service a way into the node itself (ValidateEndpointIP). */
export function validateReachable(text: string, path: string): FieldError[] {
  const ip = parseIp(text);
  if (ip === undefined) return [invalid(path, text, "must be a valid IP address")];
  const canonical = formatIp(ip);
  const is = (pattern: RegExp) => pattern.test(canonical);
  const errors: FieldError[] = [];
  if (canonical === "0.0.0.0" || canonical === "::")
    errors.push(invalid(path, text, `may not be unspecified (${text})`));
  if (is(/^(127\.|::1$)/))
    errors.push(invalid(path, text, "may not be in the loopback range (127.0.0.0/8, ::1/128)"));
  if (is(/^(169\.254\.|fe[89ab])/))
    errors.push(invalid(path, text, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"));
  if (is(/^(224\.0\.0\.|ff[0-9a-f]2:)/)) {
    const why = "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)";
    errors.push(invalid(path, text, why));
  }
  return errors;
}

const SHOWN = 3;

/** The first few of a list, and how many more there are. */
export function shortList(list: readonly string[], none: string): string {
  if (list.length === 0) return none;
  const shown = list.slice(0, SHOWN).join(",");
  return list.length > SHOWN ? `${shown} + ${list.length - SHOWN} more...` : shown;
}

function endpointsText(object: Endpoints): string {
  const list = (object.subsets ?? []).flatMap((subset) => {
    const addresses = (subset.addresses ?? []).map((address) => address.ip);
    if (!subset.ports?.length) return addresses;
    return subset.ports.flatMap((port) => addresses.map((ip) => joinHostPort(ip, port.port)));
  });
  return shortList(list, "<none>");
}

function joinHostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

const MANAGED_BY = "endpoints.kubernetes.io/managed-by";

/** The controller's own are not looked at: it writes addresses as they should be. */
function warnings({ metadata, subsets }: Endpoints): string[] {
  if (metadata.labels?.[MANAGED_BY] === "endpoint-controller") return [];
  return (subsets ?? []).flatMap((subset, index) =>
    (["addresses", "notReadyAddresses"] as const).flatMap((list) =>
      (subset[list] ?? []).flatMap(({ ip }, at) => warningsOfIp(`subsets[${index}].${list}[${at}].ip`, ip)),
    ),
  );
}
