import { BlockList, isIP } from "node:net";

// Two lists: one alone would take all of IPv4 for its mapped form.
const ONLY_HERE_V4 = new BlockList();
ONLY_HERE_V4.addSubnet("0.0.0.0", 8, "ipv4");
ONLY_HERE_V4.addSubnet("127.0.0.0", 8, "ipv4");
ONLY_HERE_V4.addSubnet("169.254.0.0", 16, "ipv4");
ONLY_HERE_V4.addSubnet("224.0.0.0", 4, "ipv4");

const ONLY_HERE_V6 = new BlockList();
ONLY_HERE_V6.addSubnet("::", 127, "ipv6");
ONLY_HERE_V6.addSubnet("fe80::", 10, "ipv6");
ONLY_HERE_V6.addSubnet("ff00::", 8, "ipv6");
// IPv4 in another spelling: nobody has such an endpoint.
ONLY_HERE_V6.addSubnet("::ffff:0:0", 96, "ipv6");
ONLY_HERE_V6.addSubnet("64:ff9b::", 96, "ipv6");

/** Whoever can write an address into an object must not reach what only this machine may (proxyutil.IsProxyableIP). */
export function isReachable(host: string): boolean {
  // A zone names an interface of this machine.
  if (host.includes("%")) return false;
  switch (isIP(host)) {
    case 4:
      return !ONLY_HERE_V4.check(host, "ipv4");
    case 6:
      return !ONLY_HERE_V6.check(host, "ipv6");
    default:
      return false;
  }
}
