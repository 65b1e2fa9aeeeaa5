import { GantryError } from "../../../base/index.ts";
import { parseCidr } from "../../../formats/index.ts";

interface Range {
  first: number;
  size: number;
}

/** Blocks of one size in a network of IPv4, which are given out in turn. */
export class NodeBlocks {
  readonly #network: Range;
  readonly #blockBits: number;
  #next = 0;

  /** `cidr` is the network's, `blockBits` the length of the blocks' prefix: 24. */
  constructor(cidr: string, blockBits: number) {
    const network = rangeOf(cidr);
    if (!network || 2 ** (32 - blockBits) > network.size)
      throw new GantryError("InvalidArgument", `${cidr} has no blocks of /${blockBits}`);
    this.#network = network;
    this.#blockBits = blockBits;
  }

  /** The next block that overlaps none of those in use (`10.244.1.0/24`); undefined when there is none. */
  take(used: readonly string[]): string | undefined {
    const taken = used.map(rangeOf).filter((range) => range !== undefined);
    const size = 2 ** (32 - this.#blockBits);
    const count = this.#network.size / size;
    for (let tried = 0; tried < count; tried++) {
      const index = (this.#next + tried) % count;
      const block = { first: this.#network.first + index * size, size };
      if (taken.some((range) => overlap(range, block))) continue;
      this.#next = (index + 1) % count;
      return `${dotted(block.first)}/${this.#blockBits}`;
    }
    return undefined;
  }
}

function overlap(a: Range, b: Range): boolean {
  return a.first < b.first + b.size && b.first < a.first + a.size;
}

/** Undefined of what is no network of IPv4. */
function rangeOf(cidr: string): Range | undefined {
  const parsed = parseCidr(cidr);
  if (parsed?.family !== 4) return undefined;
  const address = [...parsed.ip.slice(-4)].reduce((sum, byte) => sum * 256 + byte, 0);
  const size = 2 ** (32 - parsed.bits);
  return { first: address - (address % size), size };
}

const dotted = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
