import { BlockList, isIPv4 } from "node:net";
import { listAddresses } from "../../kernel/index.ts";

/** At which of the node's addresses node ports are open (kube-proxy's `--nodeport-addresses`); without ranges at all of them. */
export class NodePortAddresses {
  /** Empty: all. */
  readonly cidrs: readonly string[];

  constructor(cidrs: readonly string[] = []) {
    this.cidrs = cidrs.some((cidr) => cidr.endsWith("/0")) ? [] : cidrs;
  }

  /** The node's addresses that are meant, for who listens. */
  hosts(all: () => readonly string[] = addressesOfNode): string[] {
    if (this.cidrs.length === 0) return ["0.0.0.0"];
    const ranges = new BlockList();
    for (const cidr of this.cidrs) {
      const [network, prefix] = cidr.split("/");
      ranges.addSubnet(network!, Number(prefix));
    }
    return [...new Set(all())].filter((address) => ranges.check(address));
  }
}

function addressesOfNode(): string[] {
  return listAddresses()
    .map(({ address }) => address)
    .filter((address) => isIPv4(address));
}
