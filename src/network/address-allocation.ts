import { GantryError, invalidArgument } from "../base/index.ts";
import { contains, ipToNumber, numberToIp, parseSubnet, type Subnet, subnetSize } from "./subnet.ts";

export interface AddressRange {
  subnet: string;
  gateway: string;
  /** Addresses are handed out from this part of the subnet only. */
  ipRange?: string;
  /** Of others, by their names. */
  auxAddresses?: Record<string, string>;
}

/**
 * Picks addresses of one network. Nothing is stored here: what is taken is what the endpoints have. With `spread` an
 * address is used again as late as possible (pods, whose former addresses others may still remember); otherwise the
 * lowest free one is taken, as Docker does.
 */
export class AddressAllocator {
  readonly #subnet: Subnet;
  readonly #range: Subnet;
  readonly #gateway: number;
  readonly #taken = new Set<number>();
  readonly #reserved: ReadonlySet<number>;
  readonly #spread: boolean;
  #next: number;

  constructor(range: AddressRange, options: { spread?: boolean } = {}) {
    this.#subnet = parseSubnet(range.subnet);
    this.#range = range.ipRange ? parseSubnet(range.ipRange) : this.#subnet;
    this.#gateway = ipToNumber(range.gateway);
    this.#reserved = new Set(Object.values(range.auxAddresses ?? {}).map(ipToNumber));
    this.#spread = options.spread ?? false;
    this.#next = this.#range.base;
  }

  /** Notes an address that an endpoint has from before. */
  occupy(address: string): void {
    this.#taken.add(ipToNumber(address));
  }

  release(address: string): void {
    this.#taken.delete(ipToNumber(address));
  }

  /** The asked-for address, or a free one. */
  allocate(wanted?: string): string {
    if (wanted !== undefined && wanted !== "") return this.#allocateExactly(wanted);
    const size = subnetSize(this.#range);
    const start = this.#spread ? this.#next - this.#range.base : 0;
    for (let step = 0; step < size; step++) {
      const candidate = this.#range.base + ((start + step) % size);
      if (!this.#isUsable(candidate) || this.#taken.has(candidate)) continue;
      this.#taken.add(candidate);
      this.#next = candidate + 1;
      return numberToIp(candidate);
    }
    throw new GantryError(
      "ResourceExhausted",
      "no available IPv4 addresses on this network's address pools",
      {
        code: "Network.NoFreeAddress",
      },
    );
  }

  #allocateExactly(wanted: string): string {
    const address = ipToNumber(wanted);
    if (!contains(this.#subnet, address)) {
      throw invalidArgument(`no configured subnet contains IP address ${wanted}`, {
        code: "Network.AddressOutside",
      });
    }
    if (!this.#isUsable(address) || this.#taken.has(address)) {
      throw new GantryError("PermissionDenied", "Address already in use", { code: "Network.AddressInUse" });
    }
    this.#taken.add(address);
    return numberToIp(address);
  }

  /** Neither the network's own address, nor its broadcast address, nor the gateway, nor somebody else's. */
  #isUsable(address: number): boolean {
    if (this.#reserved.has(address)) return false;
    const last = this.#subnet.base + subnetSize(this.#subnet) - 1;
    const hasEnds = this.#subnet.prefixLength < 31;
    return address !== this.#gateway && !(hasEnds && (address === this.#subnet.base || address === last));
  }
}
