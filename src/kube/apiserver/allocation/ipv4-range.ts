import { isIPv4 } from "node:net";
import { invalidArgument } from "../../../base/index.ts";

/** A block of IPv4 addresses in CIDR notation. Offsets count from its network address. */
export class Ipv4Range {
  readonly text: string;
  readonly #base: number;
  readonly size: number;

  constructor(cidr: string) {
    const [address = "", bits = ""] = cidr.split("/");
    const prefix = Number(bits);
    if (!isIPv4(address) || !/^\d+$/.test(bits) || prefix < 8 || prefix > 30) {
      throw invalidArgument(`${JSON.stringify(cidr)} is not an IPv4 range such as 10.96.0.0/16`, {
        code: "ApiServer.BadServiceRange",
      });
    }
    this.size = 2 ** (32 - prefix);
    const value = toNumber(address);
    this.#base = value - (value % this.size);
    this.text = `${toText(this.#base)}/${prefix}`;
  }

  at(offset: number): string {
    return toText(this.#base + offset);
  }

  /** Usable addresses only: neither the network's own nor the broadcast address. */
  contains(address: string): boolean {
    if (!isIPv4(address)) return false;
    const offset = toNumber(address) - this.#base;
    return offset > 0 && offset < this.size - 1;
  }
}

function toNumber(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toText(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}
