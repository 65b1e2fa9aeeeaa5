import type { NftTable, SetElementChange } from "../../kernel/index.ts";
import { type BaseOptions, baseChains, baseMark, baseSets } from "./base-chains.ts";

export interface PolicyTableOptions extends BaseOptions {
  table: string;
}

/** What brings the kernel from what was written to what is wanted: the commands, and after them the elements. */
export interface TableChanges {
  commands: string[];
  elements: SetElementChange[];
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
  /** Written, and held by nobody any more. */
  readonly #unusedChains = new Set<string>();
  readonly #unusedSets = new Set<string>();

  constructor(options: PolicyTableOptions) {
    this.#options = options;
    for (const [name, { kind, body }] of baseSets(options.families)) this.#addSet(name, kind, body).holders++;
  }

  get name(): string {
    return this.#options.table;
  }

  /** A chain without rules by which a table of this shape is known. */
  get mark(): string {
    return baseMark(this.#options);
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

  /** All changes since the last call, to be made in one transaction. */
  takeChanges(): TableChanges {
    const additions: string[] = [];
    const bodies: string[] = [];
    for (const name of this.#changedChains) this.#chainChanges(name, additions, bodies);
    const elements: SetElementChange[] = [];
    for (const name of this.#changedSets) this.#setChanges(name, additions, elements);
    this.#changedChains.clear();
    this.#changedSets.clear();
    return { commands: [...additions, ...bodies], elements };
  }

  /** The changes as commands of nft. */
  commandsOf({ commands, elements }: TableChanges): string[] {
    return [
      ...commands,
      ...elements.map((change) => {
        const list = change.elements.map(({ key, goto }) => {
          const text = key.join(" . ");
          return goto === undefined ? text : `${text} : goto ${goto}`;
        });
        return `${this.#command(`${change.verb} element`, change.set)} { ${list.join(", ")} }`;
      }),
    ];
  }

  /** Commands that remove what nothing refers to any more. */
  takeGarbage(): string[] {
    const chains = [...this.#unusedChains];
    const sets = [...this.#unusedSets];
    this.#unusedChains.clear();
    this.#unusedSets.clear();
    // What holds others goes before them.
    return [
      ...chains.map((name) => this.#command("flush chain", name)),
      ...chains.map((name) => this.#command("delete chain", name)),
      ...sets.map((name) => this.#command("delete set", name)),
    ];
  }

  /** Commands that write the whole table anew, in one transaction. */
  renderAll(): string {
    const { table } = this.#options;
    this.#forgetWritten();
    const changes = this.commandsOf(this.takeChanges());
    return [
      `add table inet ${table}`,
      `delete table inet ${table}`,
      `add table inet ${table}`,
      ...changes,
      `table inet ${table} {\n  chain ${this.mark} { }${baseChains(this.#options)}\n}`,
    ].join("\n");
  }

  /** Takes what an earlier run left for what is written. False: it cannot be gone on from. */
  adopt(found: NftTable): boolean {
    if (!found.chains.has(this.mark)) return false;
    this.#forgetWritten();
    const base = new Set([this.mark, "ingress", "egress", "questions"]);
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
    this.#unusedChains.clear();
    this.#unusedSets.clear();
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

  #chainChanges(name: string, additions: string[], bodies: string[]): void {
    const state = this.#chains.get(name);
    if (!state) return;
    if (state.holders === 0) {
      this.#chains.delete(name);
      if (state.isWritten) this.#unusedChains.add(name);
      return;
    }
    if (state.isWritten) return;
    state.isWritten = true;
    // Not yet removed, and as it was.
    if (this.#unusedChains.delete(name)) return;
    additions.push(this.#command("add chain", name));
    // One may be left that could not be deleted.
    bodies.push(this.#command("flush chain", name));
    for (const rule of state.rules) bodies.push(`${this.#command("add rule", name)} ${rule}`);
  }

  #setChanges(name: string, additions: string[], elements: SetElementChange[]): void {
    const state = this.#sets.get(name);
    if (!state) return;
    const { kind, body, wanted, touched } = state;
    if (state.holders === 0) {
      this.#sets.delete(name);
      if (state.isWritten) this.#unusedSets.add(name);
      return;
    }
    if (!state.isWritten) {
      this.#unusedSets.delete(name);
      state.isWritten = true;
      additions.push(
        `${this.#command(`add ${kind}`, name)} { ${body} }`,
        this.#command(`flush ${kind}`, name),
      );
      touched.clear();
      for (const element of wanted.keys()) touched.set(element, undefined);
    }
    const gone = [...touched].filter(([, before]) => before !== undefined);
    const come = [...touched.keys()].filter((element) => wanted.has(element));
    touched.clear();
    if (gone.length > 0)
      elements.push({ verb: "delete", set: name, elements: gone.map(([element]) => elementOf(element, "")) });
    if (come.length > 0) {
      const list = come.map((element) => elementOf(element, wanted.get(element)!));
      elements.push({ verb: "add", set: name, elements: list });
    }
  }

  #command(verb: string, name: string): string {
    return `${verb} inet ${this.#options.table} ${name}`;
  }
}

/** `value`: nothing, or the verdict `goto …`. */
function elementOf(element: string, value: string): SetElementChange["elements"][number] {
  const key = element.split(" . ");
  return value === "" ? { key } : { key, goto: value.slice("goto ".length) };
}

function isFixed(body: string): boolean {
  return body.includes("flags interval");
}
