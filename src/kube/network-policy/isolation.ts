import type { Family } from "./address-ranges.ts";
import { lastRules, podMap, selfSet } from "./base-chains.ts";
import { addChain, type PolicyChain } from "./policy-chain.ts";
import type { Direction } from "./policy-rules.ts";
import type { PolicyTable } from "./policy-table.ts";

interface Isolated {
  addresses: readonly string[];
  /** By the policy that isolates the pod in this direction: the chain of what that lets through. */
  chains: Record<Direction, Map<string, string>>;
  /** The chain that its packets go to, and for which addresses. */
  written: Record<Direction, { chain: string; addresses: readonly string[] } | undefined>;
  self: readonly string[];
}

const DIRECTIONS: readonly Direction[] = ["ingress", "egress"];
const familyOf = (address: string): Family => (address.includes(":") ? 6 : 4);

/**
 * Leads the packets of this node's pods through what their policies let through. Pods that the same policies select
 * share a chain: it tries one policy's after the other, and drops what none has accepted.
 */
export class Isolation {
  readonly #table: PolicyTable;
  readonly #families: readonly Family[];
  readonly #pods = new Map<string, Isolated>();

  constructor(table: PolicyTable, families: readonly Family[]) {
    this.#table = table;
    this.#families = families;
  }

  place(uid: string, addresses: readonly string[]): void {
    const pod = this.#of(uid);
    pod.addresses = addresses.filter((address) => this.#families.includes(familyOf(address)));
    this.#write(pod);
  }

  /** These policies, and no others, select the pod. */
  select(uid: string, policies: Iterable<[key: string, chains: ReadonlyMap<Direction, PolicyChain>]>): void {
    const selecting = [...policies];
    if (selecting.length === 0 && !this.#pods.has(uid)) return;
    const pod = this.#of(uid);
    for (const direction of DIRECTIONS) pod.chains[direction].clear();
    for (const [key, chains] of selecting)
      for (const [direction, { name }] of chains) pod.chains[direction].set(key, name);
    this.#write(pod);
  }

  /** `chains` undefined: the policy does not select the pod. */
  change(uid: string, policy: string, chains: ReadonlyMap<Direction, PolicyChain> | undefined): void {
    const pod = this.#pods.get(uid);
    if (!pod) return;
    for (const direction of DIRECTIONS) {
      const chain = chains?.get(direction)?.name;
      if (chain === undefined) pod.chains[direction].delete(policy);
      else pod.chains[direction].set(policy, chain);
    }
    this.#write(pod);
  }

  remove(uid: string): void {
    const pod = this.#pods.get(uid);
    if (!pod) return;
    pod.addresses = [];
    this.#write(pod);
    this.#pods.delete(uid);
  }

  #of(uid: string): Isolated {
    let pod = this.#pods.get(uid);
    if (!pod) {
      pod = {
        addresses: [],
        chains: { ingress: new Map(), egress: new Map() },
        written: { ingress: undefined, egress: undefined },
        self: [],
      };
      this.#pods.set(uid, pod);
    }
    return pod;
  }

  #write(pod: Isolated): void {
    for (const direction of DIRECTIONS) this.#writeDirection(pod, direction);
    const isIsolated = DIRECTIONS.some((direction) => pod.written[direction] !== undefined);
    const self = isIsolated ? pod.addresses : [];
    for (const address of pod.self) if (!self.includes(address)) this.#setSelf(address, undefined);
    for (const address of self) this.#setSelf(address, "");
    pod.self = self;
  }

  #setSelf(address: string, value: "" | undefined): void {
    this.#table.setElement(selfSet(familyOf(address)), `${address} . ${address}`, value);
  }

  #writeDirection(pod: Isolated, direction: Direction): void {
    const { addresses } = pod;
    const before = pod.written[direction];
    const isIsolated = addresses.length > 0 && pod.chains[direction].size > 0;
    const next = isIsolated ? { chain: this.#holdJoined(pod.chains[direction]), addresses } : undefined;
    for (const address of before?.addresses ?? [])
      if (!next?.addresses.includes(address))
        this.#table.setElement(podMap(direction, familyOf(address)), address, undefined);
    for (const address of next?.addresses ?? [])
      this.#table.setElement(podMap(direction, familyOf(address)), address, `goto ${next!.chain}`);
    if (before) this.#table.dropChain(before.chain);
    pod.written[direction] = next;
  }

  #holdJoined(policies: ReadonlyMap<string, string>): string {
    const jumps = [...new Set(policies.values())].sort().map((chain) => `jump ${chain}`);
    const chains = new Map<string, string[]>();
    const name = addChain({ chains }, "all_", [...jumps, ...lastRules(this.#families)]);
    this.#table.holdChain(name, chains.get(name)!);
    return name;
  }
}
