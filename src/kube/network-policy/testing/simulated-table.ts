/** A connection as policies judge it: who opened it, and the pod's address and port where it ended up. */
export interface Connection {
  from: string;
  to: string;
  protocol: "tcp" | "udp" | "sctp" | "icmp";
  port: number;
}

/**
 * What the kernel would make of the nft commands that it is given: keeps sets, maps and chains, and walks connections through
 * them. Stricter than the kernel in one way: it fails at what it does not know.
 */
export class SimulatedTable {
  readonly sets = new Map<string, Map<string, string>>();
  readonly chains = new Map<string, string[]>();

  apply(commands: string | readonly string[]): void {
    const lines = typeof commands === "string" ? commands.split("\n") : commands;
    // The base chains are the kernel's business: `allows` does what they do.
    for (const line of lines.slice(
      0,
      indexOrEnd(lines, (one) => one.startsWith("table ")),
    ))
      this.#applyOne(line);
  }

  /** Everything that is there, in an order of its own: equal tables have equal contents. */
  contents(): unknown {
    const sorted = <T>(map: ReadonlyMap<string, T>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      sets: sorted(this.sets).map(([name, elements]) => [name, sorted(elements)]),
      chains: sorted(this.chains),
    };
  }

  allows(connection: Connection): boolean {
    const family = connection.from.includes(":") ? 6 : 4;
    return (
      this.#isLetThrough(`egress_pods_${family}`, connection.from, connection) &&
      this.#isLetThrough(`ingress_pods_${family}`, connection.to, connection)
    );
  }

  #isLetThrough(map: string, pod: string, connection: Connection): boolean {
    const target = this.sets.get(map)?.get(pod);
    if (target === undefined) return true;
    const [verb, chain] = target.split(" ");
    if (verb !== "goto") throw new Error(`not a verdict: ${target}`);
    return this.#walk(chain!, connection) === "accept";
  }

  #walk(name: string, connection: Connection): "accept" | "drop" | undefined {
    const rules = this.chains.get(name);
    if (!rules) throw new Error(`no chain ${name}`);
    for (const rule of rules) {
      const verdict = this.#try(rule, connection);
      if (verdict) return verdict;
    }
    return undefined;
  }

  #try(rule: string, connection: Connection): "accept" | "drop" | undefined {
    let rest = rule;
    for (;;) {
      if (rest === "accept" || rest === "drop") return rest;
      const [, chain] = /^jump (\S+)$/.exec(rest) ?? [];
      if (chain) return this.#walk(chain, connection);
      const [text, isTrue] = this.#match(rest, connection);
      if (!isTrue) return undefined;
      rest = rest.slice(text.length + 1);
    }
  }

  #match(text: string, { from, to, protocol, port }: Connection): [text: string, isTrue: boolean] {
    const family = from.includes(":") ? "ip6" : "ip";
    const forms: [RegExp, (...groups: string[]) => boolean][] = [
      [
        /^ct original (ip6?) saddr \. ct reply ip6? saddr @(\S+)/,
        (ip, set) => ip === family && this.#has(set!, `${from} . ${to}`),
      ],
      [/^ct original (ip6?) saddr @(\S+)/, (ip, set) => ip === family && this.#has(set!, from)],
      [
        /^ct reply (ip6?) saddr \. ct reply proto-src @(\S+)/,
        (ip, set) => ip === family && this.#has(set!, `${to} . ${port}`),
      ],
      [/^ct reply (ip6?) saddr @(\S+)/, (ip, set) => ip === family && this.#has(set!, to)],
      [
        /^ct reply proto-src (\d+)(?:-(\d+))?/,
        (first, last = first) => port >= Number(first) && port <= Number(last),
      ],
      [/^meta l4proto (\S+)/, (name) => name === protocol],
      [/^meta nfproto ipv(\d)/, (digit) => (digit === "6") === (family === "ip6")],
    ];
    for (const [pattern, holds] of forms) {
      const match = pattern.exec(text);
      if (match) return [match[0], holds(...(match.slice(1) as string[]))];
    }
    throw new Error(`unknown rule: ${text}`);
  }

  #has(name: string, element: string): boolean {
    const set = this.sets.get(name);
    if (!set) throw new Error(`no set ${name}`);
    if (!name.startsWith("ranges_")) return set.has(element);
    return [...set.keys()].some((range) => {
      const [first, last = first] = range.split("-").map(numberOf);
      return numberOf(element) >= first! && numberOf(element) <= last!;
    });
  }

  #applyOne(line: string): void {
    const [, verb, kind, name, rest = ""] =
      /^(add|delete|flush) (table|set|map|chain|rule|element) inet \S+ ?(\S*) ?(.*)$/.exec(line) ?? [];
    if (!verb) throw new Error(`unknown command: ${line}`);
    if (kind === "table") {
      this.sets.clear();
      this.chains.clear();
      return;
    }
    if (kind === "element") {
      this.#changeElements(verb, name!, rest);
      return;
    }
    if (kind === "rule") {
      this.#get(this.chains, name!).push(rest);
      return;
    }
    const group: Map<string, unknown> = kind === "chain" ? this.chains : this.sets;
    if (verb === "add") group.set(name!, group.get(name!) ?? (kind === "chain" ? [] : new Map()));
    else if (verb === "flush")
      group.set(name!, this.#get(group, name!) && (kind === "chain" ? [] : new Map()));
    else this.#delete(group, name!);
  }

  #delete(group: Map<string, unknown>, name: string): void {
    this.#get(group, name);
    const isHeld = [...this.chains].some(([chain, rules]) =>
      rules.some((rule) => chain !== name && (rule.includes(`@${name} `) || rule.endsWith(`jump ${name}`))),
    );
    const isLedTo = [...this.sets.values()].some((set) => [...set.values()].includes(`goto ${name}`));
    if (isHeld || isLedTo) throw new Error(`${name} is busy`);
    group.delete(name);
  }

  #changeElements(verb: string, name: string, text: string): void {
    const set = this.#get(this.sets, name);
    for (const element of text.slice(2, -2).split(", ")) {
      const [key, value = ""] = element.split(" : ");
      if (verb === "add") {
        if (set.has(key!) && set.get(key!) !== value) throw new Error(`${key} of ${name} exists`);
        set.set(key!, value);
      } else if (!set.delete(key!)) throw new Error(`no ${key} in ${name}`);
    }
  }

  #get<T>(map: ReadonlyMap<string, T>, name: string): T {
    const value = map.get(name);
    if (value === undefined) throw new Error(`no ${name}`);
    return value;
  }
}

function indexOrEnd<T>(list: readonly T[], isIt: (one: T) => boolean): number {
  const index = list.findIndex(isIt);
  return index < 0 ? list.length : index;
}

function numberOf(address: string): bigint {
  if (!address.includes(":")) return address.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head, tail] = address.split("::").map((side) => (side === "" ? [] : side.split(":")));
  const zeros = tail === undefined ? 0 : 8 - head!.length - tail.length;
  const groups = [...head!, ...new Array<string>(zeros).fill("0"), ...(tail ?? [])];
  return groups.reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}
