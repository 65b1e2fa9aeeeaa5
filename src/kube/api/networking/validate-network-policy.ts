import { isPortName, isPortNumber } from "../../../formats/index.ts";
import {
  forbidden,
  GoLiteral,
  goStringList,
  invalid,
  invalidEach,
  notSupported,
  optionalOneOf,
  required,
} from "../field-error.ts";
import type { IPBlock, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec } from "../generated/types.ts";
import { isStrictSubnet, parseCidr, validateCidr } from "../ip-address.ts";
import { validateLabelSelector } from "../meta/label-selector.ts";
import type { FieldError } from "../types.ts";

const PROTOCOLS = ["TCP", "UDP", "SCTP"];
const POLICY_TYPES = ["Ingress", "Egress"];

export function validateNetworkPolicySpec(spec: NetworkPolicySpec): FieldError[] {
  const { podSelector, ingress = [], egress = [], policyTypes = [] } = spec;
  return [
    ...validateLabelSelector(podSelector, "spec.podSelector"),
    ...ingress.flatMap(({ ports, from }, index) => [
      ...validatePorts(ports, `spec.ingress[${index}].ports`),
      ...validatePeers(from, `spec.ingress[${index}].from`),
    ]),
    ...egress.flatMap(({ ports, to }, index) => [
      ...validatePorts(ports, `spec.egress[${index}].ports`),
      ...validatePeers(to, `spec.egress[${index}].to`),
    ]),
    ...validateTypes(policyTypes, "spec.policyTypes"),
  ];
}

function validateTypes(types: readonly string[], path: string): FieldError[] {
  if (types.length > POLICY_TYPES.length)
    return [
      invalid(
        path,
        new GoLiteral(goStringList(types, "networking.PolicyType")),
        "may not specify more than two policyTypes",
      ),
    ];
  return types.flatMap((type, index) =>
    POLICY_TYPES.includes(type) ? [] : [notSupported(`${path}[${index}]`, type, POLICY_TYPES)],
  );
}

function validatePorts(ports: readonly NetworkPolicyPort[] | undefined, path: string): FieldError[] {
  return (ports ?? []).flatMap((port, index) => [
    ...optionalOneOf(`${path}[${index}].protocol`, port.protocol, PROTOCOLS),
    ...validatePort(port, `${path}[${index}]`),
  ]);
}

function validatePort({ port, endPort }: NetworkPolicyPort, path: string): FieldError[] {
  const at = `${path}.endPort`;
  const only = (why: string) => (endPort === undefined ? [] : [invalid(at, endPort, why)]);
  if (port === undefined) return only("may not be specified when `port` is not specified");
  if (typeof port === "string")
    return [
      ...only("may not be specified when `port` is non-numeric"),
      ...invalidEach(`${path}.port`, port, isPortName(port)),
    ];
  const errors = invalidEach(`${path}.port`, port, isPortNumber(port));
  if (endPort === undefined) return errors;
  // Upstream shows the first port where it speaks of the last.
  if (endPort < port) errors.push(invalid(at, port, "must be greater than or equal to `port`"));
  return [...errors, ...invalidEach(at, endPort, isPortNumber(endPort))];
}

function validatePeers(peers: readonly NetworkPolicyPeer[] | undefined, path: string): FieldError[] {
  return (peers ?? []).flatMap((peer, index) => validatePeer(peer, `${path}[${index}]`));
}

function validatePeer(
  { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer,
  path: string,
): FieldError[] {
  const errors = [
    ...validateLabelSelector(podSelector, `${path}.podSelector`),
    ...validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`),
    ...(ipBlock === undefined ? [] : validateBlock(ipBlock, `${path}.ipBlock`)),
  ];
  const isSelected = podSelector !== undefined || namespaceSelector !== undefined;
  if (!isSelected && ipBlock === undefined) errors.push(required(path, "must specify a peer"));
  if (isSelected && ipBlock !== undefined)
    errors.push(forbidden(path, "may not specify both ipBlock and another peer"));
  return errors;
}

function validateBlock({ cidr, except = [] }: IPBlock, path: string): FieldError[] {
  if (cidr === "") return [required(`${path}.cidr`)];
  const block = parseCidr(cidr);
  if (block === undefined) return validateCidr(`${path}.cidr`, cidr);
  return except.flatMap((one, index) => {
    const at = `${path}.except[${index}]`;
    const hole = parseCidr(one);
    if (hole === undefined) return validateCidr(at, one);
    return isStrictSubnet(hole, block) ? [] : [invalid(at, one, "must be a strict subset of `cidr`")];
  });
}
