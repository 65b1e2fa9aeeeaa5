import { isIP } from "node:net";
import { isDns1123Label, isDns1123Subdomain, isPortNumber, isQualifiedName } from "../../../formats/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import { shortList, validateReachable } from "../core/endpoints.ts";
import {
  duplicate,
  IMMUTABLE,
  invalid,
  invalidEach,
  notSupported,
  required,
  tooMany,
} from "../field-error.ts";
import type { DiscoveryV1EndpointPort, Endpoint, EndpointSlice } from "../generated/types.ts";
import type { FieldError, KindDefinition } from "../types.ts";

const ADDRESS_TYPES = ["FQDN", "IPv4", "IPv6"];
const MAX_ENDPOINTS = 1000;
const MAX_PORTS = 20_000;
const MAX_ADDRESSES = 100;

export const endpointSlices: KindDefinition<EndpointSlice> = {
  group: "discovery.k8s.io",
  version: "v1",
  kind: "EndpointSlice",
  resource: "endpointslices",
  singular: "endpointslice",
  namespaced: true,
  model: "io.k8s.api.discovery.v1.EndpointSlice",
  hasStatus: false,
  tracksGeneration: true,
  allowUnconditionalUpdate: true,
  defaults,
  validate,
  validateUpdate,
  columns: [
    nameColumn,
    textColumn("AddressType", (slice: EndpointSlice) => slice.addressType),
    textColumn("Ports", portsText),
    textColumn("Endpoints", (slice: EndpointSlice) =>
      shortList(
        (slice.endpoints ?? []).flatMap((one) => one.addresses ?? []),
        "<unset>",
      ),
    ),
    ageColumn,
  ],
};

function defaults(slice: EndpointSlice): void {
  slice.endpoints ??= [];
  for (const port of slice.ports ?? []) {
    port.name ??= "";
    port.protocol ??= "TCP";
  }
}

function validate(slice: EndpointSlice): FieldError[] {
  const errors: FieldError[] = [];
  if (!slice.addressType) errors.push(required("addressType"));
  else if (!ADDRESS_TYPES.includes(slice.addressType)) {
    errors.push(notSupported("addressType", slice.addressType, ADDRESS_TYPES));
  }
  const endpoints = slice.endpoints ?? [];
  const ports = slice.ports ?? [];
  if (endpoints.length > MAX_ENDPOINTS)
    return [...errors, tooMany("endpoints", endpoints.length, MAX_ENDPOINTS)];
  endpoints.forEach((endpoint, index) => {
    errors.push(...validateEndpoint(endpoint, slice.addressType, `endpoints[${index}]`));
  });
  if (ports.length > MAX_PORTS) return [...errors, tooMany("ports", ports.length, MAX_PORTS)];
  return [...errors, ...validatePorts(ports)];
}

function validateEndpoint(endpoint: Endpoint, type: string, path: string): FieldError[] {
  const addresses = endpoint.addresses ?? [];
  if (addresses.length === 0) return [required(`${path}.addresses`, "must contain at least 1 address")];
  if (addresses.length > MAX_ADDRESSES)
    return [tooMany(`${path}.addresses`, addresses.length, MAX_ADDRESSES)];
  const errors = addresses.flatMap((address, index) =>
    validateAddress(address, type, `${path}.addresses[${index}]`),
  );
  if (endpoint.hostname !== undefined) {
    errors.push(...invalidEach(`${path}.hostname`, endpoint.hostname, isDns1123Label(endpoint.hostname)));
  }
  if (endpoint.nodeName !== undefined) {
    errors.push(...invalidEach(`${path}.nodeName`, endpoint.nodeName, isDns1123Subdomain(endpoint.nodeName)));
  }
  return errors;
}

function validateAddress(address: string, type: string, path: string): FieldError[] {
  switch (type) {
    case "IPv4":
      return isIP(address) === 4
        ? validateReachable(address, path)
        : [invalid(path, address, "must be an IPv4 address")];
    case "IPv6":
      return isIP(address) === 6
        ? validateReachable(address, path)
        : [invalid(path, address, "must be an IPv6 address")];
    default:
      return type === "FQDN" ? invalidEach(path, address, isDns1123Subdomain(address)) : [];
  }
}

function validatePorts(ports: readonly DiscoveryV1EndpointPort[]): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  ports.forEach((port, index) => {
    const at = `ports[${index}]`;
    const name = port.name ?? "";
    if (name !== "") errors.push(...invalidEach(`${at}.name`, name, isDns1123Label(name)));
    if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
    if (!["SCTP", "TCP", "UDP"].includes(port.protocol ?? "")) {
      errors.push(notSupported(`${at}.protocol`, port.protocol, ["SCTP", "TCP", "UDP"]));
    }
    if (port.port !== undefined)
      errors.push(...invalidEach(`${at}.port`, port.port, isPortNumber(port.port)));
    if (port.appProtocol)
      errors.push(...invalidEach(`${at}.appProtocol`, port.appProtocol, isQualifiedName(port.appProtocol)));
  });
  return errors;
}

function validateUpdate(next: EndpointSlice, previous: EndpointSlice): FieldError[] {
  return next.addressType === previous.addressType
    ? []
    : [invalid("addressType", next.addressType, IMMUTABLE)];
}

function portsText(slice: EndpointSlice): string {
  const list = (slice.ports ?? []).map((port) =>
    port.port === undefined ? port.name || "*" : String(port.port),
  );
  return shortList(list, "<unset>");
}
