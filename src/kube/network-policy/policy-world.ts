import type { NetworkPolicy } from "../api/index.ts";
import { AddressOwners } from "./address-owners.ts";
import type { BaseOptions } from "./base-chains.ts";
import { Isolation } from "./isolation.ts";
import type { Labels } from "./pod-set.ts";
import { PodSets } from "./pod-sets.ts";
import type { PolicedPod } from "./policed-pod.ts";
import { type PolicyChain, policyChain } from "./policy-chain.ts";
import { type Direction, type PolicyRules, policyRulesOf } from "./policy-rules.ts";
import { PolicyTable } from "./policy-table.ts";

interface Policy {
  namespace: string;
  rules: PolicyRules;
  chains: Map<Direction, PolicyChain>;
}

interface KnownPod {
  pod: PolicedPod;
  /** Those of its addresses that no newer pod has. */
  own: readonly string[];
}

const DIRECTIONS: readonly Direction[] = ["ingress", "egress"];

/**
 * Policies, namespaces and pods as they are, and the table that follows from them. Pure: what is told in whatever order
 * leads to the same table.
 */
export class PolicyWorld {
  readonly table: PolicyTable;
  readonly #options: BaseOptions;
  readonly #namespaces = new Map<string, Labels>();
  readonly #pods = new Map<string, KnownPod>();
  readonly #podsIn = new Map<string, Set<string>>();
  readonly #policies = new Map<string, Policy>();
  readonly #policiesIn = new Map<string, Set<string>>();
  readonly #owners = new AddressOwners();
  readonly #podSets: PodSets;
  readonly #isolation: Isolation;

  constructor(options: BaseOptions & { table: string }) {
    this.#options = options;
    const { families } = options;
    this.table = new PolicyTable(options);
    this.#podSets = new PodSets({
      table: this.table,
      families,
      namespaceLabels: (namespace) => this.#namespaces.get(namespace),
    });
    this.#isolation = new Isolation(this.table, families);
  }

  /** Nothing is to be enforced. */
  get isEmpty(): boolean {
    return this.#policies.size === 0;
  }

  setNamespace(name: string, labels: Labels | undefined): void {
    if (labels) this.#namespaces.set(name, labels);
    else this.#namespaces.delete(name);
    for (const uid of this.#podsIn.get(name) ?? []) {
      const { pod, own } = this.#pods.get(uid)!;
      this.#podSets.update(pod, own);
    }
  }

  setPod(uid: string, next: PolicedPod | undefined): void {
    const previous = this.#pods.get(uid);
    const others = this.#owners.change(previous?.pod, next);
    if (previous) removeFrom(this.#podsIn, previous.pod.namespace, uid);
    if (next) {
      this.#pods.set(uid, { pod: next, own: previous?.own ?? [] });
      addTo(this.#podsIn, next.namespace, uid);
    } else {
      this.#pods.delete(uid);
      this.#podSets.remove(uid);
      this.#isolation.remove(uid);
    }
    const changed = next ? [uid, ...others] : [...others];
    // Who loses an address lets go of it before another takes it.
    if (others.size > 0) for (const one of changed) this.#place(one, "keep");
    for (const one of changed) this.#place(one, "take");
    if (next) this.#isolation.select(next.uid, this.#policiesFor(next));
  }

  setPolicy(key: string, object: NetworkPolicy | undefined): void {
    const previous = this.#policies.get(key);
    const next = object && this.#hold(object);
    if (next) {
      this.#policies.set(key, next);
      addTo(this.#policiesIn, next.namespace, key);
    } else {
      this.#policies.delete(key);
      if (previous) removeFrom(this.#policiesIn, previous.namespace, key);
    }
    for (const uid of this.#podsIn.get((next ?? previous)?.namespace ?? "") ?? []) {
      const { pod } = this.#pods.get(uid)!;
      const chains = next && selects(next, pod) ? next.chains : undefined;
      this.#isolation.change(uid, key, chains);
    }
    if (previous) this.#drop(previous);
  }

  /** `keep`: of the addresses that it had, those that are still its own. */
  #place(uid: string, what: "keep" | "take"): void {
    const known = this.#pods.get(uid);
    if (!known) return;
    const { pod } = known;
    const own = pod.addresses.filter((address) => this.#owners.owns(pod, address));
    known.own = what === "take" ? own : own.filter((address) => known.own.includes(address));
    this.#podSets.update(pod, known.own);
    if (pod.isLocal) this.#isolation.place(uid, known.own);
    else this.#isolation.remove(uid);
  }

  *#policiesFor(pod: PolicedPod): Iterable<[key: string, chains: Policy["chains"]]> {
    if (!pod.isLocal) return;
    for (const key of this.#policiesIn.get(pod.namespace) ?? []) {
      const policy = this.#policies.get(key)!;
      if (selects(policy, pod)) yield [key, policy.chains];
    }
  }

  #hold(object: NetworkPolicy): Policy {
    const rules = policyRulesOf(object);
    const chains = new Map<Direction, PolicyChain>();
    for (const direction of DIRECTIONS) {
      const list = rules[direction];
      if (!list) continue;
      const chain = policyChain(direction, list, this.#options.families);
      chains.set(direction, chain);
      for (const set of chain.podSets.values()) this.#podSets.hold(set);
      for (const [name, { type, elements }] of chain.rangeSets) this.table.holdSet(name, type, elements);
      for (const [name, lines] of chain.chains) this.table.holdChain(name, lines);
    }
    return { namespace: object.metadata.namespace ?? "", rules, chains };
  }

  #drop({ chains }: Policy): void {
    for (const chain of chains.values()) {
      for (const name of chain.chains.keys()) this.table.dropChain(name);
      for (const name of chain.rangeSets.keys()) this.table.dropSet(name);
      for (const name of chain.podSets.keys()) this.#podSets.drop(name);
    }
  }
}

function selects({ rules }: Policy, pod: PolicedPod): boolean {
  return pod.isLocal && rules.pods.matches(pod.labels);
}

function addTo(map: Map<string, Set<string>>, key: string, value: string): void {
  map.set(key, (map.get(key) ?? new Set()).add(value));
}

function removeFrom(map: Map<string, Set<string>>, key: string, value: string): void {
  const values = map.get(key);
  values?.delete(value);
  if (values?.size === 0) map.delete(key);
}
