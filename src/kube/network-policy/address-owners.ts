import type { PolicedPod } from "./policed-pod.ts";

/** Who has which address: of several pods that claim one, all but the newest are about to be known as gone. */
export class AddressOwners {
  readonly #claims = new Map<string, PolicedPod[]>();

  owns(pod: PolicedPod, address: string): boolean {
    return this.#claims.get(address)?.at(-1)?.uid === pod.uid;
  }

  /** Returns the other pods that have won or lost an address by it. */
  change(previous: PolicedPod | undefined, next: PolicedPod | undefined): Set<string> {
    const affected = new Set<string>();
    const uid = (previous ?? next)?.uid;
    for (const address of new Set([...(previous?.addresses ?? []), ...(next?.addresses ?? [])])) {
      const before = this.#claims.get(address) ?? [];
      const after = before.filter((pod) => pod.uid !== uid);
      if (next?.addresses.includes(address)) after.push(next);
      // A stable sort: the last to come wins among equals.
      after.sort((a, b) => a.rank - b.rank);
      if (after.length === 0) this.#claims.delete(address);
      else this.#claims.set(address, after);
      for (const pod of [before.at(-1), after.at(-1)]) if (pod && pod.uid !== uid) affected.add(pod.uid);
    }
    return affected;
  }
}
