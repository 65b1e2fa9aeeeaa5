import { conflict, GantryError, invalidArgument, notFound, notImplemented } from "../base/index.ts";
import { goBoolProblem, parseGoBool, parseIpPrefix } from "../formats/index.ts";
import { ipamProblems, joinProblems } from "./ipam-problems.ts";
import type { NetworkRegistry } from "./network-registry.ts";
import { numberToIp, overlaps, parseSubnet } from "./subnet.ts";
import type { CreateNetworkRequest } from "./types.ts";

export const PREDEFINED_NETWORKS: readonly string[] = ["bridge", "host", "none"];

/** Options that say yes or no. */
const BOOLEAN_OPTIONS = [
  "com.docker.network.bridge.enable_icc",
  "com.docker.network.bridge.enable_ip_masquerade",
];

const forbidden = (message: string, code: string) => new GantryError("PermissionDenied", message, { code });

/** Refuses, with Docker's words, what cannot become a network. */
export function validateNetworkRequest(request: CreateNetworkRequest, registry: NetworkRegistry): void {
  const { name } = request;
  if (name.trim() === "")
    throw invalidArgument("network name cannot be empty", { code: "Network.InvalidName" });
  if (PREDEFINED_NETWORKS.includes(name)) {
    throw forbidden(`operation is not permitted on predefined ${name} network`, "Network.Predefined");
  }
  if (registry.byName(name)) {
    throw conflict(`network with name ${name} already exists`, { code: "Network.AlreadyExists" });
  }
  validateDriver(request.driver);
  for (const option of BOOLEAN_OPTIONS) validateBoolean(option, request.options?.[option]);
  validateBridgeName(request.options?.["com.docker.network.bridge.name"]);
  if (request.subnet) validateSubnet(request, registry);
  else if (request.gateway || request.ipRange || Object.keys(request.auxAddresses ?? {}).length > 0) {
    validateIpam(request);
  }
}

function validateBoolean(option: string, value: string | undefined): void {
  if (value === undefined || parseGoBool(value) !== undefined) return;
  throw invalidArgument(`failed to parse ${option} value: ${value} (${goBoolProblem(value)})`, {
    code: "Network.InvalidOption",
  });
}

function validateDriver(driver: string | undefined): void {
  switch (driver ?? "") {
    case "":
    case "default":
    case "bridge":
      return;
    case "host":
    case "null":
      throw forbidden(`only one instance of "${driver}" network is allowed`, "Network.Predefined");
    default:
      throw notFound(`plugin "${driver}" not found`, {
        code: "Network.NoSuchDriver",
        hint: "the drivers are bridge, host and none",
      });
  }
}

/** What the kernel takes as a link's name, without what would mean something in a rule. */
function validateBridgeName(name: string | undefined): void {
  if (name !== undefined && !/^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,14}$/.test(name)) {
    throw invalidArgument(`invalid bridge name: ${name}`, { code: "Network.InvalidName" });
  }
}

function validateIpam(request: CreateNetworkRequest): void {
  const problems = ipamProblems(request);
  if (problems.length > 0) throw invalidConfig(joinProblems(problems));
  if (parseIpPrefix(request.subnet!)!.family === 6) {
    throw notImplemented("IPv6 subnets are not supported", { code: "Network.NotSupported" });
  }
}

function validateSubnet(request: CreateNetworkRequest, registry: NetworkRegistry): void {
  validateIpam(request);
  const subnet = parseSubnet(request.subnet!);
  if (subnet.prefixLength > 30)
    throw invalidConfig(`invalid subnet ${request.subnet}: it has no room for containers`);
  if (registry.claimedSubnets().some((other) => overlaps(parseSubnet(other), subnet))) {
    throw forbidden(
      "invalid pool request: Pool overlaps with other one on this address space",
      "Network.PoolOverlaps",
    );
  }
}

const invalidConfig = (message: string) =>
  invalidArgument(`invalid network config:\n${message}`, { code: "Network.InvalidSubnet" });

/** The first address of the subnet (or of the range, where that is given) that a host can have. */
export function defaultGateway(subnet: string, ipRange?: string): string {
  const { base } = parseSubnet(subnet);
  const start = ipRange ? parseSubnet(ipRange).base : base;
  return numberToIp(start === base ? base + 1 : start);
}
