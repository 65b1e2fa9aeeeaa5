import { conflict, GantryError, invalidArgument, notFound } from "../base/index.ts";
import type { NetworkRegistry } from "./network-registry.ts";
import { contains, formatSubnet, ipToNumber, numberToIp, overlaps, parseSubnet } from "./subnet.ts";
import type { CreateNetworkRequest } from "./types.ts";

export const PREDEFINED_NETWORKS: readonly string[] = ["bridge", "host", "none"];

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
  validateBridgeName(request.options?.["com.docker.network.bridge.name"]);
  if (request.subnet) validateSubnet(request, registry);
  else if (request.gateway || request.ipRange) {
    throw invalidArgument("a gateway or an IP range needs a subnet", { code: "Network.InvalidSubnet" });
  }
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
      throw notFound(`could not find plugin ${driver} in v1 plugin registry: plugin "${driver}" not found`, {
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

function validateSubnet(request: CreateNetworkRequest, registry: NetworkRegistry): void {
  const invalid = (message: string) =>
    invalidArgument(`invalid network config:\n${message}`, { code: "Network.InvalidSubnet" });
  if (!/^\d+(\.\d+){3}\/\d+$/.test(request.subnet!)) {
    throw invalid(`invalid subnet ${request.subnet}: invalid CIDR block notation`);
  }
  const subnet = parseSubnet(request.subnet!);
  if (formatSubnet(subnet) !== request.subnet) {
    throw invalid(`invalid subnet ${request.subnet}: it should be ${formatSubnet(subnet)}`);
  }
  if (subnet.prefixLength > 30)
    throw invalid(`invalid subnet ${request.subnet}: it has no room for containers`);
  if (request.gateway && !contains(subnet, ipToNumber(request.gateway))) {
    throw invalid(`invalid gateway ${request.gateway}: parent subnet is ${request.subnet}`);
  }
  if (request.ipRange && !contains(subnet, parseSubnet(request.ipRange).base)) {
    throw invalid(`invalid ip-range ${request.ipRange}: parent subnet is ${request.subnet}`);
  }
  if (registry.claimedSubnets().some((other) => overlaps(parseSubnet(other), subnet))) {
    throw forbidden(
      "invalid pool request: Pool overlaps with other one on this address space",
      "Network.PoolOverlaps",
    );
  }
}

/** The first address of the subnet (or of the range, where that is given) that a host can have. */
export function defaultGateway(subnet: string, ipRange?: string): string {
  const { base } = parseSubnet(subnet);
  const start = ipRange ? parseSubnet(ipRange).base : base;
  return numberToIp(start === base ? base + 1 : start);
}
