import {
  isDns1123Label,
  isDns1123Subdomain,
  isPortNumber,
  isQualifiedName,
} from "../../../../formats/index.ts";
import {
  duplicate,
  forbidden,
  IMMUTABLE,
  invalid,
  invalidEach,
  notSupported,
  oneOf,
  optionalOneOf,
  required,
} from "../../field-error.ts";
import type { LoadBalancerIngress, Service, ServicePort, ServiceSpec } from "../../generated/types.ts";
import { GO_NIL_STRING, goStruct } from "../../go-value.ts";
import { parseIp, validateCidr, validateIp } from "../../ip-address.ts";
import { validateLabels } from "../../meta/object-meta.ts";
import type { FieldError } from "../../types.ts";
import { validateReachable } from "../endpoints.ts";
import { validatePort } from "../pod/validate-probes.ts";
import { isHeadless, validateAddressesUpdate, validateServiceAddresses } from "./validate-addresses.ts";

const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const POLICIES = ["Cluster", "Local"];
const MAX_AFFINITY_SECONDS = 86_400;
const ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'";

/** `ValidateService`; addresses and ports have been given out already. */
export function validateService(service: Service): FieldError[] {
  const { spec } = service;
  return [
    ...validateHints(service),
    ...(spec.ports?.length || isHeadless(spec) || spec.type === "ExternalName"
      ? []
      : [required("spec.ports")]),
    ...validateType(spec),
    ...validatePorts(spec),
    ...validateLabels(spec.selector, "spec.selector"),
    ...oneOf("spec.sessionAffinity", spec.sessionAffinity, ["ClientIP", "None"]),
    ...validateAffinity(spec),
    ...validateServiceAddresses(service),
    ...validateExternalIps(spec.externalIPs ?? []),
    ...oneOf("spec.type", spec.type, TYPES),
    ...validatePortPairs(spec),
    ...validateSourceRanges(service),
    ...validateLoadBalancer(spec),
    ...validateExternalPolicy(spec),
    ...validateHealthCheckPort(spec),
    ...validateInternalPolicy(spec),
    // The other distributions belong to a feature that is off (PreferSameTrafficDistribution).
    ...optionalOneOf("spec.trafficDistribution", spec.trafficDistribution, ["PreferClose"]),
  ];
}

const HINTS = "service.kubernetes.io/topology-aware-hints";
const MODE = "service.kubernetes.io/topology-mode";

function validateHints({ metadata: { annotations = {} } }: Service): FieldError[] {
  const [hints, mode] = [annotations[HINTS], annotations[MODE]];
  if (hints === undefined || mode === undefined || hints === mode) return [];
  return [
    invalid(
      `metadata.annotations[${MODE}]`,
      mode,
      `must match annotations[${HINTS}] when both are specified`,
    ),
  ];
}

function validateType(spec: ServiceSpec): FieldError[] {
  const { type } = spec;
  if ((type === "LoadBalancer" || type === "NodePort") && isHeadless(spec))
    return [invalid("spec.clusterIPs[0]", "None", `may not be set to 'None' for ${type} services`)];
  if (type !== "ExternalName") return [];
  const errors = (["clusterIPs", "ipFamilies", "ipFamilyPolicy"] as const)
    .filter((field) => spec[field]?.length)
    .map((field) => forbidden(`spec.${field}`, "may not be set for ExternalName services"));
  const name = (spec.externalName ?? "").replace(/\.$/, "");
  if (name === "") return [...errors, required("spec.externalName")];
  return [...errors, ...invalidEach("spec.externalName", name, isDns1123Subdomain(name))];
}

function validatePorts({ ports = [] }: ServiceSpec): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap((port, index) => {
    const at = `spec.ports[${index}]`;
    const { appProtocol } = port;
    return [
      ...validatePortName(port, ports.length > 1, names, at),
      ...invalidEach(`${at}.port`, port.port, isPortNumber(port.port)),
      ...oneOf(`${at}.protocol`, port.protocol, ["SCTP", "TCP", "UDP"]),
      ...validatePort(port.targetPort, `${at}.targetPort`),
      ...(appProtocol === undefined
        ? []
        : invalidEach(`${at}.appProtocol`, appProtocol, isQualifiedName(appProtocol))),
    ];
  });
}

function validatePortName(
  port: ServicePort,
  isNameRequired: boolean,
  names: Set<string>,
  at: string,
): FieldError[] {
  if (!port.name) return isNameRequired ? [required(`${at}.name`)] : [];
  const errors = invalidEach(`${at}.name`, port.name, isDns1123Label(port.name));
  if (names.has(port.name)) errors.push(duplicate(`${at}.name`, port.name));
  names.add(port.name);
  return errors;
}

/** What no two ports of one Service may share. */
function validatePortPairs({ type, ports = [] }: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  ports.forEach((port, index) => {
    if (type === "ClusterIP" && port.nodePort)
      errors.push(forbidden(`spec.ports[${index}].nodePort`, "may not be used when `type` is 'ClusterIP'"));
  });
  ports.forEach((port, index) => {
    const isTaken = (other: ServicePort) =>
      other.protocol === port.protocol && other.nodePort === port.nodePort;
    if (port.nodePort && ports.slice(0, index).some(isTaken))
      errors.push(duplicate(`spec.ports[${index}].nodePort`, port.nodePort));
  });
  ports.forEach((port, index) => {
    const isTaken = (other: ServicePort) => other.protocol === port.protocol && other.port === port.port;
    if (ports.slice(0, index).some(isTaken)) errors.push(duplicate(`spec.ports[${index}]`, goPortPair(port)));
  });
  return errors;
}

const goPortPair = ({ protocol = "", port }: ServicePort) =>
  goStruct("core.ServicePort", {
    Name: "",
    Protocol: protocol,
    AppProtocol: GO_NIL_STRING,
    Port: port,
    TargetPort: goStruct("intstr.IntOrString", { Type: 0, IntVal: 0, StrVal: "" }),
    NodePort: 0,
  });

function validateAffinity({ sessionAffinity, sessionAffinityConfig }: ServiceSpec): FieldError[] {
  const path = "spec.sessionAffinityConfig";
  if (sessionAffinity === "None" && sessionAffinityConfig !== undefined)
    return [forbidden(path, "must not be set when session affinity is None")];
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (sessionAffinity !== "ClientIP" || seconds === undefined) return [];
  if (seconds > 0 && seconds <= MAX_AFFINITY_SECONDS) return [];
  const why = `must be greater than 0 and less than ${MAX_AFFINITY_SECONDS}`;
  return [invalid(`${path}.clientIP.timeoutSeconds`, seconds, why)];
}

function validateExternalIps(list: readonly string[]): FieldError[] {
  return list.flatMap((ip, index) => {
    const at = `spec.externalIPs[${index}]`;
    const errors = validateIp(at, ip);
    return errors.length > 0 ? errors : validateReachable(ip, at);
  });
}

const SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges";

function validateSourceRanges({ metadata, spec }: Service): FieldError[] {
  const isBalancer = spec.type === "LoadBalancer";
  const { loadBalancerSourceRanges: ranges = [] } = spec;
  if (ranges.length > 0) {
    const path = "spec.LoadBalancerSourceRanges";
    return [
      ...(isBalancer ? [] : [forbidden(path, ONLY_LOAD_BALANCER)]),
      ...ranges.flatMap((range, index) => validateCidr(`${path}[${index}]`, range.trim())),
    ];
  }
  const annotation = metadata.annotations?.[SOURCE_RANGES];
  if (annotation === undefined) return [];
  const path = `metadata.annotations[${SOURCE_RANGES}]`;
  const list = annotation.trim() === "" ? [] : annotation.split(",");
  return [
    ...(isBalancer ? [] : [forbidden(path, ONLY_LOAD_BALANCER)]),
    ...list.flatMap((range) => validateCidr(path, range.trim())),
  ];
}

function validateLoadBalancer(spec: ServiceSpec): FieldError[] {
  const { loadBalancerClass } = spec;
  if (spec.type === "LoadBalancer") {
    return loadBalancerClass === undefined
      ? []
      : invalidEach("spec.loadBalancerClass", loadBalancerClass, isQualifiedName(loadBalancerClass));
  }
  return (["allocateLoadBalancerNodePorts", "loadBalancerClass"] as const)
    .filter((field) => spec[field] !== undefined)
    .map((field) => forbidden(`spec.${field}`, ONLY_LOAD_BALANCER));
}

const isExternal = (spec: ServiceSpec) => spec.type === "LoadBalancer" || spec.type === "NodePort";
export const isExternallyAccessible = (spec: ServiceSpec): boolean =>
  isExternal(spec) || (spec.type === "ClusterIP" && (spec.externalIPs?.length ?? 0) > 0);

function validateExternalPolicy(spec: ServiceSpec): FieldError[] {
  const path = "spec.externalTrafficPolicy";
  const policy = spec.externalTrafficPolicy;
  if (isExternallyAccessible(spec)) return oneOf(path, policy, POLICIES);
  return policy ? [invalid(path, policy, "may only be set for externally-accessible services")] : [];
}

const needsHealthCheck = ({ type, externalTrafficPolicy }: ServiceSpec) =>
  type === "LoadBalancer" && externalTrafficPolicy === "Local";

function validateHealthCheckPort(spec: ServiceSpec): FieldError[] {
  const path = "spec.healthCheckNodePort";
  const port = spec.healthCheckNodePort ?? 0;
  if (needsHealthCheck(spec))
    return port === 0 ? [required(path)] : invalidEach(path, port, isPortNumber(port));
  const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
  return port === 0 ? [] : [invalid(path, port, why)];
}

function validateInternalPolicy({ type, internalTrafficPolicy }: ServiceSpec): FieldError[] {
  const path = "spec.internalTrafficPolicy";
  const isNeeded = type === "ClusterIP" || type === "NodePort" || type === "LoadBalancer";
  if (internalTrafficPolicy === undefined) return isNeeded ? [required(path)] : [];
  return POLICIES.includes(internalTrafficPolicy)
    ? []
    : [notSupported(path, internalTrafficPolicy, POLICIES)];
}

/** What an update may not change; upstream tells it before what is wrong with the new Service by itself. */
export function validateServiceUpdate({ spec: next }: Service, { spec: previous }: Service): FieldError[] {
  const errors = validateAddressesUpdate(next, previous);
  const areBalancers = next.type === "LoadBalancer" && previous.type === "LoadBalancer";
  if (areBalancers && next.loadBalancerClass !== previous.loadBalancerClass)
    errors.push(invalid("spec.loadBalancerClass", next.loadBalancerClass, "may not change once set"));
  const isChanged = next.healthCheckNodePort !== previous.healthCheckNodePort;
  if (needsHealthCheck(next) && needsHealthCheck(previous) && isChanged)
    errors.push(forbidden("spec.healthCheckNodePort", IMMUTABLE));
  return errors;
}

/** Where a load balancer is reached; other Services have none. */
export function validateServiceStatusUpdate(next: Service, previous: Service): FieldError[] {
  const path = "status.loadBalancer.ingress";
  const ingress = next.status?.loadBalancer?.ingress ?? [];
  if (ingress.length > 0 && next.spec.type !== "LoadBalancer")
    return [forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")];
  const known = (previous.status?.loadBalancer?.ingress ?? []).map((one) => one.ip ?? "").filter(Boolean);
  return ingress.flatMap((one, index) => validateIngress(one, `${path}[${index}]`, known));
}

function validateIngress(ingress: LoadBalancerIngress, path: string, known: readonly string[]): FieldError[] {
  const { ip, ipMode, hostname } = ingress;
  return [
    ...(ip ? validateIp(`${path}.ip`, ip, known) : []),
    ...validateIpMode(ip, ipMode, `${path}.ipMode`),
    ...(hostname ? invalidEach(`${path}.hostname`, hostname, isDns1123Subdomain(hostname)) : []),
    ...(hostname && parseIp(hostname) !== undefined
      ? [invalid(`${path}.hostname`, hostname, "must be a DNS name, not an IP address")]
      : []),
  ];
}

function validateIpMode(ip: string | undefined, mode: string | undefined, path: string): FieldError[] {
  if (mode === undefined) return ip ? [required(path, "must be specified when `ip` is set")] : [];
  if (!ip) return [forbidden(path, "may not be specified when `ip` is not set")];
  return optionalOneOf(path, mode, ["Proxy", "VIP"]);
}
