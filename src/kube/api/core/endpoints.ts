import { isIP } from "node:net";
import { isDns1123Label, isPortNumber } from "../../../formats/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import { invalid, invalidEach, oneOf, required } from "../field-error.ts";
import type { EndpointAddress, EndpointSubset, Endpoints } from "../generated/types.ts";
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
  columns: [nameColumn, textColumn("Endpoints", endpointsText), ageColumn],
};

function defaults(object: Endpoints): void {
  for (const subset of object.subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= "TCP";
}

function validate(object: Endpoints): FieldError[] {
  const errors: FieldError[] = [];
  object.subsets?.forEach((subset, index) => {
    errors.push(...validateSubset(subset, `subsets[${index}]`));
  });
  return errors;
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
  subset.ports?.forEach((port, index) => {
    const at = `${path}.ports[${index}]`;
    if (!port.name && subset.ports!.length > 1) errors.push(required(`${at}.name`));
    else if (port.name) errors.push(...invalidEach(`${at}.name`, port.name, isDns1123Label(port.name)));
    errors.push(...invalidEach(`${at}.port`, port.port ?? 0, isPortNumber(port.port ?? 0)));
    errors.push(...oneOf(`${at}.protocol`, port.protocol, ["SCTP", "TCP", "UDP"]));
  });
  return errors;
}

function validateAddress(address: EndpointAddress, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (isIP(address.ip ?? "") === 0) {
    errors.push(
      invalid(
        `${path}.ip`,
        address.ip ?? "",
        "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
      ),
    );
  } else errors.push(...validateReachable(address.ip, `${path}.ip`));
  if (address.hostname)
    errors.push(...invalidEach(`${path}.hostname`, address.hostname, isDns1123Label(address.hostname)));
  return errors;
}

/** Addresses that would make a Service a way into the node itself (ValidateEndpointIP). */
export function validateReachable(ip: string, path: string): FieldError[] {
  if (ip === "0.0.0.0" || ip === "::") return [invalid(path, ip, `may not be unspecified (${ip})`)];
  if (ip.startsWith("127.") || ip === "::1")
    return [invalid(path, ip, "may not be in the loopback range (127.0.0.0/8, ::1/128)")];
  if (ip.startsWith("169.254.") || /^fe[89ab]/i.test(ip)) {
    return [invalid(path, ip, "may not be in the link-local range (169.254.0.0/16, fe80::/10)")];
  }
  if (ip.startsWith("224.0.0.") || /^ff02:/i.test(ip)) {
    return [invalid(path, ip, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")];
  }
  return [];
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
