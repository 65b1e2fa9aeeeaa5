import { isIPv4 } from "node:net";
import { contains, ipToNumber, parseSubnet } from "../../network/index.ts";
import type { NetworkConfig } from "../../network/types.ts";
import { invalidRequest } from "../errors.ts";
import type { EndpointSettings } from "../types.ts";
import { linksOf } from "./container-networks.ts";

const MAC_ADDRESS =
  /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$|^[0-9a-f]{2}(-[0-9a-f]{2}){5}$|^[0-9a-f]{4}(\.[0-9a-f]{4}){2}$/i;

/** Refuses what a network cannot give a container, in Docker's words; all that is wrong at once. */
export function checkEndpointSettings(network: NetworkConfig, settings: EndpointSettings, prefix = ""): void {
  linksOf(settings.Links ?? []);
  const problems: string[] = [];
  const address = settings.IPAMConfig?.IPv4Address;
  if (network.isDefaultBridge || network.driver !== "bridge") {
    if (address) problems.push("user specified IP address is supported on user defined networks only");
    if (settings.Aliases?.length) {
      problems.push("network-scoped alias is supported only for containers in user defined networks");
    }
  }
  if (address) problems.push(...addressProblems(network, address));
  if (settings.MacAddress && !MAC_ADDRESS.test(settings.MacAddress)) {
    throw invalidRequest(`${prefix}invalid MAC address ${settings.MacAddress}`);
  }
  if (problems.length === 0) return;
  const list = problems.length === 1 ? problems[0] : problems.map((problem) => `* ${problem}`).join("\n");
  throw invalidRequest(`${prefix}invalid endpoint settings:\n${list}`);
}

function addressProblems(network: NetworkConfig, address: string): string[] {
  const isAddress = isIPv4(address) && address !== "0.0.0.0";
  const problems = isAddress ? [] : [`invalid IPv4 address: ${address}`];
  if (network.isDefaultBridge || network.driver !== "bridge" || network.subnetIsChosen) {
    return [
      ...problems,
      "user specified IP address is supported only when connecting to networks with user configured subnets",
    ];
  }
  const range = network.ipRange ?? network.subnet;
  const fits = range === undefined || (isAddress && contains(parseSubnet(range), ipToNumber(address)));
  return fits
    ? problems
    : [...problems, `no configured subnet or ip-range contain the IP address ${address}`];
}
