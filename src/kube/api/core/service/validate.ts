import { isIP } from "node:net";
import {
  isDns1123Label,
  isDns1123Subdomain,
  isPortNumber,
  isQualifiedName,
  jsonEquals,
} from "../../../../formats/index.ts";
import {
  duplicate,
  forbidden,
  invalid,
  invalidEach,
  notSupported,
  oneOf,
  optionalOneOf,
  required,
} from "../../field-error.ts";
import type { Service, ServicePort, ServiceSpec } from "../../generated/types.ts";
import { validateLabels } from "../../meta/object-meta.ts";
import type { FieldError } from "../../types.ts";
import { validatePort } from "../pod/validate-probes.ts";

const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const POLICIES = ["Cluster", "Local"];
const MAX_AFFINITY_SECONDS = 86_400;

export function validateService(service: Service): FieldError[] {
  const { spec } = service;
  const errors: FieldError[] = [];
  if (!spec.ports?.length && spec.clusterIP !== "None" && spec.type !== "ExternalName") {
    errors.push(required("spec.ports"));
  }
  errors.push(...validateType(spec), ...validatePorts(spec));
  errors.push(...validateLabels(spec.selector, "spec.selector"));
  errors.push(
    ...oneOf("spec.sessionAffinity", spec.sessionAffinity, ["ClientIP", "None"]),
    ...validateAffinity(spec),
  );
  errors.push(...validateAddresses(spec), ...validatePolicies(spec), ...validateLoadBalancer(spec));
  return errors;
}

function validateType(spec: ServiceSpec): FieldError[] {
  const errors = oneOf("spec.type", spec.type, TYPES);
  if (spec.type === "LoadBalancer" && spec.clusterIP === "None") {
    errors.push(invalid("spec.clusterIPs[0]", "None", "may not be set to 'None' for LoadBalancer services"));
  }
  if (spec.type === "NodePort" && spec.clusterIP === "None") {
    errors.push(invalid("spec.clusterIPs[0]", "None", "may not be set to 'None' for NodePort services"));
  }
  if (spec.type !== "ExternalName") return errors;
  for (const field of ["clusterIP", "clusterIPs"] as const) {
    const value = spec[field];
    if (value?.length) errors.push(forbidden(`spec.${field}`, "may not be set for ExternalName services"));
  }
  const name = (spec.externalName ?? "").replace(/\.$/, "");
  if (name === "") return [...errors, required("spec.externalName")];
  return [...errors, ...invalidEach("spec.externalName", name, isDns1123Subdomain(name))];
}

function validatePorts(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  const ports = new Set<string>();
  const nodePorts = new Set<string>();
  spec.ports?.forEach((port, index) => {
    const at = `spec.ports[${index}]`;
    errors.push(...validatePortName(port, spec.ports!.length > 1, names, at));
    errors.push(...invalidEach(`${at}.port`, port.port ?? 0, isPortNumber(port.port ?? 0)));
    errors.push(...oneOf(`${at}.protocol`, port.protocol, ["SCTP", "TCP", "UDP"]));
    errors.push(...validatePort(port.targetPort, `${at}.targetPort`));
    if (port.appProtocol) {
      errors.push(...invalidEach(`${at}.appProtocol`, port.appProtocol, isQualifiedName(port.appProtocol)));
    }
    if (spec.type === "ClusterIP" && port.nodePort) {
      errors.push(forbidden(`${at}.nodePort`, "may not be used when `type` is 'ClusterIP'"));
    }
    const pair = `${port.protocol}/${port.port}`;
    if (ports.has(pair)) errors.push(duplicate(at, port));
    ports.add(pair);
    if (!port.nodePort) return;
    const nodePair = `${port.protocol}/${port.nodePort}`;
    if (nodePorts.has(nodePair)) errors.push(duplicate(`${at}.nodePort`, port.nodePort));
    nodePorts.add(nodePair);
  });
  return errors;
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

function validateAffinity(spec: ServiceSpec): FieldError[] {
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (spec.sessionAffinity === "ClientIP") {
    if (seconds === undefined || (seconds > 0 && seconds <= MAX_AFFINITY_SECONDS)) return [];
    const why = `must be greater than 0 and less than ${MAX_AFFINITY_SECONDS}`;
    return [invalid("spec.sessionAffinityConfig.clientIP.timeoutSeconds", seconds, why)];
  }
  if (spec.sessionAffinityConfig === undefined) return [];
  return [
    forbidden(
      "spec.sessionAffinityConfig",
      `must not be set when session affinity is ${spec.sessionAffinity}`,
    ),
  ];
}

const IP_MESSAGE = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

function validateAddresses(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  spec.externalIPs?.forEach((address, index) => {
    if (isIP(address) === 0) errors.push(invalid(`spec.externalIPs[${index}]`, address, IP_MESSAGE));
  });
  if (spec.type !== "ExternalName") {
    const given = spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : []);
    given.forEach((address, index) => {
      const isNone = address === "None" && index === 0;
      if (!isNone && address !== "" && isIP(address) === 0) {
        errors.push(invalid(`spec.clusterIPs[${index}]`, address, IP_MESSAGE));
      }
    });
    if (spec.clusterIP && spec.clusterIPs?.length && spec.clusterIP !== spec.clusterIPs[0]) {
      errors.push(invalid("spec.clusterIPs", spec.clusterIPs, "first value must match `clusterIP`"));
    }
  }
  if (spec.loadBalancerIP && isIP(spec.loadBalancerIP) === 0) {
    errors.push(invalid("spec.loadBalancerIP", spec.loadBalancerIP, IP_MESSAGE));
  }
  return [...errors, ...validateFamilies(spec)];
}

function validateFamilies(spec: ServiceSpec): FieldError[] {
  const errors = optionalOneOf("spec.ipFamilyPolicy", spec.ipFamilyPolicy, [
    "PreferDualStack",
    "RequireDualStack",
    "SingleStack",
  ]);
  spec.ipFamilies?.forEach((family, index) => {
    if (family !== "IPv4" && family !== "IPv6") {
      errors.push(notSupported(`spec.ipFamilies[${index}]`, family, ["IPv4", "IPv6"]));
    }
  });
  return errors;
}

const isExternal = (spec: ServiceSpec) => spec.type === "LoadBalancer" || spec.type === "NodePort";
export const isExternallyAccessible = (spec: ServiceSpec): boolean =>
  isExternal(spec) || (spec.type === "ClusterIP" && (spec.externalIPs?.length ?? 0) > 0);

function validatePolicies(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const external = spec.externalTrafficPolicy;
  if (isExternallyAccessible(spec)) errors.push(...oneOf("spec.externalTrafficPolicy", external, POLICIES));
  else if (external) {
    errors.push(
      invalid("spec.externalTrafficPolicy", external, "may only be set for externally-accessible services"),
    );
  }
  errors.push(...optionalOneOf("spec.internalTrafficPolicy", spec.internalTrafficPolicy, POLICIES));
  const needsCheck = spec.type === "LoadBalancer" && external === "Local";
  if (spec.healthCheckNodePort && !needsCheck) {
    const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalid("spec.healthCheckNodePort", spec.healthCheckNodePort, why));
  }
  if (spec.trafficDistribution !== undefined && spec.trafficDistribution !== "PreferClose") {
    errors.push(notSupported("spec.trafficDistribution", spec.trafficDistribution, ["PreferClose"]));
  }
  return errors;
}

function validateLoadBalancer(spec: ServiceSpec): FieldError[] {
  if (spec.type === "LoadBalancer") return [];
  const errors: FieldError[] = [];
  if (spec.loadBalancerSourceRanges?.length) {
    errors.push(forbidden("spec.LoadBalancerSourceRanges", "may only be used when `type` is 'LoadBalancer'"));
  }
  if (spec.allocateLoadBalancerNodePorts !== undefined) {
    errors.push(
      forbidden("spec.allocateLoadBalancerNodePorts", "may only be used when `type` is 'LoadBalancer'"),
    );
  }
  if (spec.loadBalancerClass !== undefined) {
    errors.push(forbidden("spec.loadBalancerClass", "may only be used when `type` is 'LoadBalancer'"));
  }
  return errors;
}

/** Addresses are given out once; only a change to or from ExternalName takes or gives them. */
export function validateServiceUpdate(next: Service, previous: Service): FieldError[] {
  if (previous.spec.type === "ExternalName" || next.spec.type === "ExternalName") return [];
  const errors: FieldError[] = [];
  const before = previous.spec.clusterIPs ?? (previous.spec.clusterIP ? [previous.spec.clusterIP] : []);
  const now = next.spec.clusterIPs ?? (next.spec.clusterIP ? [next.spec.clusterIP] : []);
  if (before[0] && before[0] !== now[0]) {
    errors.push(invalid("spec.clusterIPs[0]", now, "may not change once set"));
  }
  if (before[1] && now[1] && before[1] !== now[1]) {
    errors.push(invalid("spec.clusterIPs[1]", now, "may not change once set"));
  }
  const families = previous.spec.ipFamilies;
  if (families?.length && next.spec.ipFamilies?.length && families[0] !== next.spec.ipFamilies[0]) {
    errors.push(invalid("spec.ipFamilies[0]", next.spec.ipFamilies, "may not change once set"));
  }
  if (previous.spec.type === "LoadBalancer" && next.spec.type === "LoadBalancer") {
    if (!jsonEquals(previous.spec.loadBalancerClass, next.spec.loadBalancerClass)) {
      errors.push(invalid("spec.loadBalancerClass", next.spec.loadBalancerClass, "may not change once set"));
    }
  }
  return errors;
}
