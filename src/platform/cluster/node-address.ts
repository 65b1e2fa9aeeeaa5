import { findNodeAddress } from "../../network/index.ts";
import { firstAddress } from "../address-range.ts";
import type { PlatformConfig } from "../config.ts";
import type { ClusterSettings } from "./cluster-settings.ts";

/** By which other machines and pods reach this one; where it has no address but its own networks', the pods' gateway serves for one machine. */
export function nodeAddress(
  { nodeIp }: Pick<PlatformConfig, "nodeIp">,
  { podCidr }: Pick<ClusterSettings, "podCidr">,
): string {
  return nodeIp ?? findNodeAddress() ?? firstAddress(podCidr);
}
