import { listAddresses, listLinks, listRoutes } from "../kernel/index.ts";

/** Names that links of this program's instances begin with. */
const OWN_LINKS = /^gt[0-9a-f]{6}/;

/**
 * The IPv4 address by which other machines most likely reach this one: that of the link which leads out, else the first of any link
 * that is no instance's own. Undefined where there is none but the loopback's.
 */
export function findNodeAddress(): string | undefined {
  const addresses = listAddresses().filter(({ family }) => family === "ipv4");
  const outward = listRoutes()
    .filter(({ destination }) => destination === "0.0.0.0/0")
    .sort((a, b) => (a.metric ?? 0) - (b.metric ?? 0))[0];
  if (outward?.source) return outward.source;
  const ofOutward = addresses.find(({ linkIndex }) => linkIndex === outward?.linkIndex);
  if (ofOutward) return ofOutward.address;
  const links = new Map(listLinks().map((link) => [link.index, link]));
  const isUsable = ({ linkIndex, address }: { linkIndex: number; address: string }) => {
    const link = links.get(linkIndex);
    const isHostOnly = link?.isLoopback || link?.kind === "bridge" || OWN_LINKS.test(link?.name ?? "");
    return link?.isUp === true && !isHostOnly && !address.startsWith("169.254.");
  };
  return addresses.find(isUsable)?.address;
}
