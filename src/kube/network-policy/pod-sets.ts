import type { Family } from "./address-ranges.ts";
import { type Labels, type PodSet, setName, tagsOf } from "./pod-set.ts";
import type { PolicedPod } from "./policed-pod.ts";
import { ADDRESS_TYPE } from "./policy-chain.ts";
import type { PolicyTable } from "./policy-table.ts";

interface Shared {
  set: PodSet;
  holders: number;
  members: Set<Member>;
}

interface Member {
  pod: PolicedPod;
  /** Those that are its own. */
  addresses: readonly string[];
  tags: readonly string[];
  elements: Map<Shared, readonly [set: string, element: string][]>;
}

export interface PodSetsOptions {
  table: PolicyTable;
  families: readonly Family[];
  namespaceLabels: (namespace: string) => Labels | undefined;
}

const familyOf = (address: string): Family => (address.includes(":") ? 6 : 4);

/** Keeps the sets of pods filled that the rules of policies refer to. */
export class PodSets {
  readonly #options: PodSetsOptions;
  readonly #shared = new Map<string, Shared>();
  readonly #sharedByTag = new Map<string, Set<Shared>>();
  readonly #members = new Map<string, Member>();
  readonly #membersByTag = new Map<string, Set<Member>>();

  constructor(options: PodSetsOptions) {
    this.#options = options;
  }

  hold(set: PodSet): void {
    let shared = this.#shared.get(set.name);
    if (!shared) {
      shared = { set, holders: 0, members: new Set() };
      this.#shared.set(set.name, shared);
      addTo(this.#sharedByTag, set.tag, shared);
      const { table, families } = this.#options;
      for (const family of families)
        table.holdSet(setName(set, family), `type ${ADDRESS_TYPE[family]}${set.elementType};`);
      for (const member of this.#membersByTag.get(set.tag) ?? []) this.#fit(shared, member);
    }
    shared.holders++;
  }

  drop(name: string): void {
    const shared = this.#shared.get(name)!;
    if (--shared.holders > 0) return;
    this.#shared.delete(name);
    removeFrom(this.#sharedByTag, shared.set.tag, shared);
    for (const member of shared.members) member.elements.delete(shared);
    for (const family of this.#options.families) this.#options.table.dropSet(setName(shared.set, family));
  }

  /** Takes the pod as it is, with the addresses that are its own. */
  update(pod: PolicedPod, addresses: readonly string[]): void {
    const before = this.#members.get(pod.uid);
    const member: Member = before ?? { pod, addresses, tags: [], elements: new Map() };
    for (const tag of member.tags) removeFrom(this.#membersByTag, tag, member);
    Object.assign(member, { pod, addresses, tags: tagsOf(pod) });
    for (const tag of member.tags) addTo(this.#membersByTag, tag, member);
    this.#members.set(pod.uid, member);
    const candidates = new Set(member.elements.keys());
    for (const tag of member.tags)
      for (const shared of this.#sharedByTag.get(tag) ?? []) candidates.add(shared);
    for (const shared of candidates) this.#fit(shared, member);
  }

  remove(uid: string): void {
    const member = this.#members.get(uid);
    if (!member) return;
    for (const shared of [...member.elements.keys()]) this.#place(shared, member, []);
    for (const tag of member.tags) removeFrom(this.#membersByTag, tag, member);
    this.#members.delete(uid);
  }

  #fit(shared: Shared, member: Member): void {
    const { pod, addresses } = member;
    const isTaken = shared.set.takes(pod, this.#options.namespaceLabels(pod.namespace));
    this.#place(
      shared,
      member,
      isTaken ? addresses.flatMap((address) => this.#elementsAt(shared.set, pod, address)) : [],
    );
  }

  #elementsAt(set: PodSet, pod: PolicedPod, address: string): [set: string, element: string][] {
    const family = familyOf(address);
    if (!this.#options.families.includes(family)) return [];
    return set.elementsOf(pod, address).map((element) => [setName(set, family), element]);
  }

  /** Makes the pod's elements of a set these. */
  #place(shared: Shared, member: Member, next: readonly [set: string, element: string][]): void {
    const { table } = this.#options;
    const isKept = (element: string) => next.some(([, one]) => one === element);
    for (const [set, element] of member.elements.get(shared) ?? [])
      if (!isKept(element)) table.setElement(set, element, undefined);
    for (const [set, element] of next) table.setElement(set, element, "");
    if (next.length > 0) {
      member.elements.set(shared, next);
      shared.members.add(member);
    } else {
      member.elements.delete(shared);
      shared.members.delete(member);
    }
  }
}

function addTo<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const values = map.get(key) ?? new Set<V>();
  map.set(key, values.add(value));
}

function removeFrom<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const values = map.get(key);
  values?.delete(value);
  if (values?.size === 0) map.delete(key);
}
