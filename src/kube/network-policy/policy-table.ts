import { type BaseOptions, baseChains, baseMark, baseSets } from "./base-chains.ts";

export interface PolicyTableOptions extends BaseOptions {
  table: string;
}

/** What is in the kernel: elements of sets and maps (value empty for sets), and chains. */
export interface FoundTable {
  sets: ReadonlyMap<string, ReadonlyMap<string, string>>;
  chains: ReadonlySet<string>;
}

interface SetState {
  kind: "set" | "map";
  body: string;
  wanted: Map<string, string>;
  /** Elements that differ from what is written, and what they are there; undefined: not there. */
  touched: Map<string, string | undefined>;
  holders: number;
  isWritten: boolean;
}

interface ChainState {
  rules: readonly string[];
  holders: number;
  isWritten: boolean;
}

/**
 * What the table of policies holds, and the nft commands from what it held to what it shall hold, which follow the size of the
 * change. Sets and chains are shared and go with their last holder. Chains, and sets with `elements`, never change.
 */
export class PolicyTable {
  readonly #options: PolicyTableOptions;
  readonly #sets = new Map<string, SetState>();
  readonly #chains = new Map<string, ChainState>();
  readonly #changedSets = new Set<string>();
  readonly #changedChains = new Set<string>();
  #garbage: string[] = [];

  constructor(options: PolicyTableOptions) {
    this.#options = options;
    for (const [name, { kind, body }] of baseSets(options.families)) this.#addSet(name, kind, body).holders++;
  }

  get name(): string {
    return this.#options.table;
  }

  holdSet(name: string, body: string, elements: readonly string[] = []): void {
    const state = this.#sets.get(name) ?? this.#addSet(name, "set", body);
    state.holders++;
    this.#changedSets.add(name);
    for (const element of elements) this.setElement(name, element, "");
  }

  /** Whoever holds it last has taken its own elements out, or never changes them. */
  dropSet(name: string): void {
    const state = this.#sets.get(name)!;
    state.holders--;
    this.#changedSets.add(name);
    if (state.holders === 0)
      for (const element of [...state.wanted.keys()]) this.setElement(name, element, undefined);
  }

  /** Chains that `rules` jump to are held before. */
  holdChain(name: string, rules: readonly string[]): void {
    const state = this.#chains.get(name) ?? { rules, holders: 0, isWritten: false };
    this.#chains.set(name, state);
    state.holders++;
    this.#changedChains.add(name);
  }

  dropChain(name: string): void {
    this.#chains.get(name)!.holders--;
    this.#changedChains.add(name);
  }

  /** `value` undefined: the element goes. */
  setElement(set: string, element: string, value: string | undefined): void {
    const { wanted, touched } = this.#sets.get(set)!;
    const before = wanted.get(element);
    if (before === value) return;
    if (!touched.has(element)) touched.set(element, before);
    else if (touched.get(element) === value) touched.delete(element);
    if (value === undefined) wanted.delete(element);
    else wanted.set(element, value);
    this.#changedSets.add(set);
  }

  /** The commands of all changes since the last call, as one transaction; empty for none. */
  takeChanges(): string[] {
    const additions: string[] = [];
    const bodies: string[] = [];
    const garbage = { chains: [] as string[], sets: [] as string[] };
    for (const name of this.#changedChains) this.#chainChanges(name, additions, bodies, garbage.chains);
    const elements: string[] = [];
    for (const name of this.#changedSets) this.#setChanges(name, additions, elements, garbage.sets);
    this.#changedChains.clear();
    this.#changedSets.clear();
    // What held others goes before them.
    const flushes = garbage.chains.map((name) => this.#command("flush chain", name));
    const deletions = garbage.chains.map((name) => this.#command("delete chain", name));
    this.#garbage.push(
      ...flushes,
      ...deletions,
      ...garbage.sets.map((name) => this.#command("delete set", name)),
    );
    return [...additions, ...bodies, ...elements];
  }

  /** Commands that remove what nothing refers to any more; run after the changes, apart from them. */
  takeGarbage(): string[] {
    const commands = this.#garbage;
    this.#garbage = [];
    return commands;
  }

  /** Commands that write the whole table anew, in one transaction. */
  renderAll(): string {
    const { table } = this.#options;
    this.#forgetWritten();
    const changes = this.takeChanges();
    this.#garbage = [];
    return [
      `add table inet ${table}`,
      `delete table inet ${table}`,
      `add table inet ${table}`,
      ...changes,
      `table inet ${table} {\n  chain ${baseMark(this.#options)} { }${baseChains(this.#options)}\n}`,
    ].join("\n");
  }

  /** Takes what an earlier run left for what is written. False: it cannot be gone on from. */
  adopt(found: FoundTable): boolean {
    const mark = baseMark(this.#options);
    if (!found.chains.has(mark)) return false;
    this.#forgetWritten();
    const base = new Set([mark, "ingress", "egress", "questions"]);
    for (const name of found.chains) if (!base.has(name)) this.#adoptChain(name);
    for (const [name, elements] of found.sets) this.#adoptSet(name, elements);
    return [...baseSets(this.#options.families).keys()].every((name) => found.sets.has(name));
  }

  #adoptChain(name: string): void {
    const state = this.#chains.get(name) ?? { rules: [], holders: 0, isWritten: true };
    state.isWritten = true;
    this.#chains.set(name, state);
    this.#changedChains.add(name);
  }

  #adoptSet(name: string, elements: ReadonlyMap<string, string>): void {
    let state = this.#sets.get(name);
    if (!state) {
      state = { kind: "set", body: "", wanted: new Map(), touched: new Map(), holders: 0, isWritten: true };
      this.#sets.set(name, state);
    }
    state.isWritten = true;
    this.#changedSets.add(name);
    state.touched.clear();
    if (isFixed(state.body)) return;
    for (const element of new Set([...state.wanted.keys(), ...elements.keys()])) {
      const there = elements.get(element);
      if (there !== state.wanted.get(element)) state.touched.set(element, there);
    }
  }

  #forgetWritten(): void {
    for (const [name, state] of this.#chains) {
      state.isWritten = false;
      this.#changedChains.add(name);
    }
    for (const [name, state] of this.#sets) {
      state.isWritten = false;
      state.touched = new Map([...state.wanted.keys()].map((element) => [element, undefined]));
      this.#changedSets.add(name);
    }
  }

  #addSet(name: string, kind: "set" | "map", body: string): SetState {
    const state = { kind, body, wanted: new Map(), touched: new Map(), holders: 0, isWritten: false };
    this.#sets.set(name, state);
    this.#changedSets.add(name);
    return state;
  }

  #chainChanges(name: string, additions: string[], bodies: string[], garbage: string[]): void {
    const state = this.#chains.get(name);
    if (!state) return;
    if (state.holders === 0) {
      this.#chains.delete(name);
      if (state.isWritten) garbage.push(name);
      return;
    }
    if (state.isWritten) return;
    state.isWritten = true;
    additions.push(this.#command("add chain", name));
    // One may be left that could not be deleted.
    bodies.push(this.#command("flush chain", name));
    for (const rule of state.rules) bodies.push(`${this.#command("add rule", name)} ${rule}`);
  }

  #setChanges(name: string, additions: string[], elements: string[], garbage: string[]): void {
    const state = this.#sets.get(name);
    if (!state) return;
    const { kind, body, wanted, touched } = state;
    if (state.holders === 0) {
      this.#sets.delete(name);
      if (state.isWritten) garbage.push(name);
      return;
    }
    if (!state.isWritten) {
      state.isWritten = true;
      additions.push(
        `${this.#command(`add ${kind}`, name)} { ${body} }`,
        this.#command(`flush ${kind}`, name),
      );
      touched.clear();
      for (const element of wanted.keys()) touched.set(element, undefined);
    }
    const gone = [...touched].filter(([, before]) => before !== undefined).map(([element]) => element);
    const come = [...touched.keys()].filter((element) => wanted.has(element));
    touched.clear();
    if (gone.length > 0) elements.push(this.#elementCommand("delete", name, gone));
    if (come.length === 0) return;
    const withValues = come.map((element) => {
      const value = wanted.get(element)!;
      return value === "" ? element : `${element} : ${value}`;
    });
    elements.push(this.#elementCommand("add", name, withValues));
  }

  #command(verb: string, name: string): string {
    return `${verb} inet ${this.#options.table} ${name}`;
  }

  #elementCommand(verb: "add" | "delete", set: string, elements: readonly string[]): string {
    return `${this.#command(`${verb} element`, set)} { ${elements.join(", ")} }`;
  }
}

function isFixed(body: string): boolean {
  return body.includes("flags interval");
}
