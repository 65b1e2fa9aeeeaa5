import { BlockList, isIPv6 } from "node:net";
import { parseCidr } from "../formats/index.ts";

/** Networks of clients (CIDR, or single addresses). */
export class SourceNetworks {
  readonly #list = new BlockList();

  constructor(networks: readonly string[]) {
    for (const text of networks) {
      const family = text.includes(":") ? "ipv6" : "ipv4";
      const cidr = text.includes("/") ? text : `${text}/${family === "ipv6" ? 128 : 32}`;
      if (parseCidr(cidr))
        this.#list.addSubnet(
          cidr.slice(0, cidr.indexOf("/")),
          Number(cidr.slice(cidr.indexOf("/") + 1)),
          family,
        );
    }
  }

  has(address: string): boolean {
    return this.#list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
  }
}
