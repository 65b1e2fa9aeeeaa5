import { invalidArgument } from "../../../base/index.ts";

/** Hands out the addresses of an IPv4 range (`10.97.0.0/24`): not the network's own and not the broadcast one. */
export class AddressPool {
  readonly #first: number;
  readonly #size: number;

  constructor(cidr: string) {
    const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
    if (!match) throw invalidArgument(`${cidr} is no IPv4 range`);
    const [a, b, c, d, prefix] = match.slice(1).map(Number) as [number, number, number, number, number];
    this.#size = 2 ** (32 - prefix);
    this.#first = (a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d) & ~0;
  }

  contains(address: string): boolean {
    const value = address.split(".").reduce((total, part) => total * 256 + Number(part), 0);
    const offset = value - (this.#first >>> 0);
    return offset > 0 && offset < this.#size - 1;
  }

  /** The lowest free address, or undefined when all are taken. */
  next(taken: ReadonlySet<string>): string | undefined {
    for (let offset = 1; offset < this.#size - 1; offset++) {
      const value = (this.#first >>> 0) + offset;
      const address = [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
      if (!taken.has(address)) return address;
    }
    return undefined;
  }
}
