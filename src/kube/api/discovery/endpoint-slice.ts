import {
  isDns1123Label,
  isDns1123Subdomain,
  isLabelValue,
  isQualifiedName,
  jsonEquals,
} from "../../../formats/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import { shortList, validateReachable } from "../core/endpoints.ts";
import {
  duplicate,
  IMMUTABLE,
  invalid,
  invalidEach,
  notSupported,
  oneOf,
  required,
  tooMany,
} from "../field-error.ts";
import type { DiscoveryV1EndpointPort, Endpoint, EndpointSlice, ForZone } from "../generated/types.ts";
import { ipFamily, validateCanonicalIp, validateIp, warningsOfIp } from "../ip-address.ts";
import { validateDomainName } from "../meta/domain-name.ts";
import type { FieldError, KindDefinition } from "../types.ts";

const ADDRESS_TYPES = ["FQDN", "IPv4", "IPv6"];
const MAX_ENDPOINTS = 1000;
const MAX_PORTS = 20_000;
const MAX_ADDRESSES = 100;
const MAX_ZONES = 8;
const PROTOCOLS = ["SCTP", "TCP", "UDP"];

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
  warnings,
  prepareForCreate,
  prepareForUpdate,
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
  for (const port of slice.ports ?? []) {
    port.name ??= "";
    port.protocol ??= "TCP";
  }
}

function prepareForCreate(slice: EndpointSlice): void {
  for (const endpoint of slice.endpoints ?? []) dropV1Beta1Fields(endpoint);
}

/** A slice has no spec: whatever of it but its metadata changes, or its labels, makes a new generation. */
function prepareForUpdate(next: EndpointSlice, previous: EndpointSlice): void {
  const { metadata: now, ...content } = next;
  const { metadata: before, ...contentBefore } = previous;
  if (!jsonEquals(content, contentBefore) || !jsonEquals(now.labels, before.labels))
    now.generation = (before.generation ?? 0) + 1;
  if (jsonEquals(next.endpoints, previous.endpoints)) return;
  for (const endpoint of next.endpoints ?? []) dropV1Beta1Fields(endpoint);
}

/** The topology of the older version, and hints of a feature that is off (PreferSameTrafficDistribution). */
function dropV1Beta1Fields(endpoint: Endpoint): void {
  delete endpoint.deprecatedTopology;
  delete endpoint.hints?.forNodes;
}

function validate({ addressType, endpoints, ports }: EndpointSlice): FieldError[] {
  return [
    ...oneOf("addressType", addressType, ADDRESS_TYPES),
    ...validatePorts(ports ?? []),
    ...validateEndpoints(endpoints ?? [], addressType),
  ];
}

function validateEndpoints(endpoints: readonly Endpoint[], type: string): FieldError[] {
  if (endpoints.length > MAX_ENDPOINTS) return [tooMany("endpoints", endpoints.length, MAX_ENDPOINTS)];
  return endpoints.flatMap((endpoint, index) => validateEndpoint(endpoint, type, `endpoints[${index}]`));
}

function validateEndpoint(endpoint: Endpoint, type: string, path: string): FieldError[] {
  const { nodeName, hostname, hints } = endpoint;
  return [
    ...validateAddresses(endpoint.addresses ?? [], type, `${path}.addresses`),
    ...(nodeName === undefined
      ? []
      : invalidEach(`${path}.nodeName`, nodeName, isDns1123Subdomain(nodeName))),
    ...(hostname === undefined ? [] : invalidEach(`${path}.hostname`, hostname, isDns1123Label(hostname))),
    ...(hints?.forZones === undefined ? [] : validateZones(hints.forZones, `${path}.hints.forZones`)),
  ];
}

function validateAddresses(addresses: readonly string[], type: string, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (addresses.length === 0) errors.push(required(path, "must contain at least 1 address"));
  if (addresses.length > MAX_ADDRESSES) errors.push(tooMany(path, addresses.length, MAX_ADDRESSES));
  addresses.forEach((address, index) => {
    errors.push(...validateAddress(address, type, path, `${path}[${index}]`));
  });
  return errors;
}

/** An address of the other family is told at the list, as upstream does. */
function validateAddress(address: string, type: string, listPath: string, path: string): FieldError[] {
  if (type === "FQDN") return validateDomainName(address, path);
  if (type !== "IPv4" && type !== "IPv6") return [];
  const errors = type === "IPv4" ? validateIp(path, address) : validateCanonicalIp(path, address);
  if (errors.length > 0) return errors;
  const isOther = `IPv${ipFamily(address)}` !== type;
  return [
    ...(isOther ? [invalid(listPath, address, `must be an ${type} address`)] : []),
    ...validateReachable(address, path),
  ];
}

function validateZones(zones: readonly ForZone[], path: string): FieldError[] {
  if (zones.length > MAX_ZONES) return [tooMany(path, zones.length, MAX_ZONES)];
  const seen = new Set<string>();
  return zones.flatMap(({ name }, index) => {
    const at = `${path}[${index}].name`;
    const errors = seen.has(name) ? [duplicate(at, name)] : [];
    seen.add(name);
    return [...errors, ...invalidEach(at, name, isLabelValue(name))];
  });
}

function validatePorts(ports: readonly DiscoveryV1EndpointPort[]): FieldError[] {
  if (ports.length > MAX_PORTS) return [tooMany("ports", ports.length, MAX_PORTS)];
  const names = new Set<string>();
  return ports.flatMap(({ name = "", protocol = "", appProtocol }, index) => {
    const at = `ports[${index}]`;
    const errors = name === "" ? [] : invalidEach(`${at}.name`, name, isDns1123Label(name));
    if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
    // A protocol of nothing is not defaulted, and not one of the known.
    if (!PROTOCOLS.includes(protocol)) errors.push(notSupported(`${at}.protocol`, protocol, PROTOCOLS));
    if (appProtocol === undefined) return errors;
    return [...errors, ...invalidEach(`${at}.appProtocol`, appProtocol, isQualifiedName(appProtocol))];
  });
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

const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
/** These write addresses as they should be. */
const CONTROLLERS = new Set(["endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io"]);

function warnings({ metadata, addressType, endpoints }: EndpointSlice, previous?: EndpointSlice): string[] {
  const isDeprecated = previous === undefined && addressType === "FQDN";
  const isOurs = CONTROLLERS.has(metadata.labels?.[MANAGED_BY] ?? "");
  return [
    ...(isDeprecated ? ["spec.addressType: FQDN endpoints are deprecated"] : []),
    ...(isOurs ? [] : (endpoints ?? [])).flatMap(({ addresses }, index) =>
      (addresses ?? []).flatMap((address, at) =>
        warningsOfIp(`endpoints[${index}].addresses[${at}]`, address),
      ),
    ),
  ];
}
