import { shortHash } from "../../base/index.ts";
import type { NftTable } from "../../kernel/index.ts";
import type { NodePortAddresses } from "./node-port-addresses.ts";
import type { ServiceRules } from "./service-rules.ts";
import { MASQUERADE_MARK } from "./service-rules.ts";

export interface ServiceTableOptions {
  table: string;
  serviceCidr: string;
  /** The node's address towards its pods. */
  gateway: string;
  nodePorts: Pick<NodePortAddresses, "cidrs">;
}

/** Elements of the table's maps and sets, and which Services ask for them; where several do, the first one has it. */
class ElementClaims {
  readonly #claims = new Map<string, Map<string, string>>();

  valueOf(element: string): string | undefined {
    return this.#claims.get(element)?.values().next().value;
  }

  set(element: string, service: string, value: string): void {
    const claims = this.#claims.get(element) ?? new Map<string, string>();
    claims.set(service, value);
    this.#claims.set(element, claims);
  }

  delete(element: string, service: string): void {
    const claims = this.#claims.get(element);
    claims?.delete(service);
    if (claims?.size === 0) this.#claims.delete(element);
  }

  *all(): Iterable<[element: string, value: string]> {
    for (const [element, claims] of this.#claims) yield [element, claims.values().next().value!];
  }
}

/**
 * What the table of Services holds, and the nft commands from what it held to what it shall hold. Commands follow the
 * size of the change: one Service's chain and elements, never the others'.
 */
export class ServiceTable {
  readonly #options: ServiceTableOptions;
  readonly #services = new Map<string, ServiceRules>();
  readonly #elements = new ElementClaims();
  /** Chains and sets that nothing refers to any more. */
  #garbage: string[] = [];

  constructor(options: ServiceTableOptions) {
    this.#options = options;
  }

  /** The rules of a Service, as last set. */
  rulesOf(service: string): ServiceRules | undefined {
    return this.#services.get(service);
  }

  services(): string[] {
    return [...this.#services.keys()];
  }

  /** Takes the Service's new rules (none: it is gone) and returns the commands of the change; empty for no change. */
  set(service: string, next: ServiceRules | undefined): string[] {
    const previous = this.#services.get(service);
    if (next) this.#services.set(service, next);
    else this.#services.delete(service);
    return [
      ...this.#setCommands(previous, next),
      ...this.#chainCommands(previous, next),
      ...this.#elementCommands(service, previous, next),
    ];
  }

  /** Commands that remove what former changes left unused; to be run after those, on their own. */
  takeGarbage(): string[] {
    const commands = this.#garbage;
    this.#garbage = [];
    return commands;
  }

  /** Commands that write the whole table anew, in one transaction. */
  renderAll(): string {
    this.#garbage = [];
    const { table } = this.#options;
    const lines = [renderBase(this.#options), `add chain ip ${table} ${baseMark(this.#options)}`];
    for (const rules of this.#services.values()) {
      lines.push(...this.#setCommands(undefined, rules), ...this.#chainCommands(undefined, rules));
    }
    for (const [element, value] of this.#elements.all())
      lines.push(elementCommand(table, "add", element, value));
    return lines.join("\n");
  }

  /**
   * Commands that go on from a table that an earlier run has left, in one transaction; undefined where that cannot be. Maps and
   * what in them is as it should be stay: a packet that looks something up at this moment finds it. So do the sets of who talks to
   * which endpoint.
   */
  renderOver(found: NftTable): string | undefined {
    const { table } = this.#options;
    if (!found.chains.has(baseMark(this.#options))) return undefined;
    const lines: string[] = [];
    const own = new Set<string>([...BASE_CHAINS, baseMark(this.#options)]);
    const ownSets = new Set<string>(BASE_SETS);
    for (const rules of this.#services.values()) {
      lines.push(...this.#setCommands(undefined, rules), ...this.#chainCommands(undefined, rules));
      for (const name of rules.chains.keys()) own.add(name);
      for (const name of rules.affinitySets.keys()) ownSets.add(name);
    }
    const wanted = new Map(this.#elements.all());
    for (const set of BASE_SETS) {
      for (const [key, value] of found.sets.get(set) ?? []) {
        const element = `${set} ${key}`;
        if (wanted.get(element) === value) wanted.delete(element);
        else lines.push(elementCommand(table, "delete", element, ""));
      }
    }
    for (const [element, value] of wanted) lines.push(elementCommand(table, "add", element, value));
    const gone = [...found.chains].filter((name) => !own.has(name));
    lines.push(...gone.map((name) => `flush chain ip ${table} ${name}`));
    this.#garbage = [
      ...gone.map((name) => `delete chain ip ${table} ${name}`),
      ...[...found.sets.keys()]
        .filter((name) => !ownSets.has(name))
        .map((name) => `delete set ip ${table} ${name}`),
    ];
    return lines.join("\n");
  }

  #setCommands(previous: ServiceRules | undefined, next: ServiceRules | undefined): string[] {
    const { table } = this.#options;
    const commands: string[] = [];
    for (const [name, body] of next?.affinitySets ?? []) {
      if (!previous?.affinitySets.has(name)) commands.push(`add set ip ${table} ${name} ${body}`);
    }
    return commands;
  }

  #chainCommands(previous: ServiceRules | undefined, next: ServiceRules | undefined): string[] {
    const { table } = this.#options;
    const additions: string[] = [];
    const bodies: string[] = [];
    for (const [name, rules] of next?.chains ?? []) {
      const before = previous?.chains.get(name);
      if (before && before.join("\n") === rules.join("\n")) continue;
      // Adding a chain that is there is no error; one may be left from an earlier life of the Service.
      additions.push(`add chain ip ${table} ${name}`);
      bodies.push(
        `flush chain ip ${table} ${name}`,
        ...rules.map((rule) => `add rule ip ${table} ${name} ${rule}`),
      );
    }
    for (const name of previous?.chains.keys() ?? []) {
      if (next?.chains.has(name)) continue;
      bodies.push(`flush chain ip ${table} ${name}`);
      this.#garbage.push(`delete chain ip ${table} ${name}`);
    }
    for (const name of previous?.affinitySets.keys() ?? []) {
      if (!next?.affinitySets.has(name)) this.#garbage.push(`delete set ip ${table} ${name}`);
    }
    return [...additions, ...bodies];
  }

  #elementCommands(
    service: string,
    previous: ServiceRules | undefined,
    next: ServiceRules | undefined,
  ): string[] {
    const { table } = this.#options;
    const touched = new Set([...(previous?.elements.keys() ?? []), ...(next?.elements.keys() ?? [])]);
    const removals: string[] = [];
    const additions: string[] = [];
    for (const element of touched) {
      const before = this.#elements.valueOf(element);
      const value = next?.elements.get(element);
      if (value === undefined) this.#elements.delete(element, service);
      else this.#elements.set(element, service, value);
      const after = this.#elements.valueOf(element);
      if (before === after) continue;
      if (before !== undefined) removals.push(elementCommand(table, "delete", element, ""));
      if (after !== undefined) additions.push(elementCommand(table, "add", element, after));
    }
    return [...removals, ...additions];
  }
}

/** `element` is the map's name, a space and the key. */
function elementCommand(table: string, verb: "add" | "delete", element: string, value: string): string {
  const space = element.indexOf(" ");
  const key = element.slice(space + 1);
  return `${verb} element ip ${table} ${element.slice(0, space)} { ${value ? `${key} : ${value}` : key} }`;
}

const BASE_SETS = [
  ...["service_ips", "service_nodeports", "no_endpoint_services", "no_endpoint_nodeports"],
  ...["cluster_ips", "hairpin"],
];
const BASE_CHAINS = [
  ...["services", "prerouting", "output", "postrouting", "reject_new", "check_endpoints", "check_addresses"],
  ...["filter_input", "filter_forward", "filter_output"],
];

/** A chain without rules that tells tables with this base from others. */
const baseMark = (options: ServiceTableOptions) => `base_${shortHash(renderBase(options), 16)}`;

/**
 * The part of the table that does not depend on Services: one look-up for addresses, one for node ports. Connections
 * that are under way never come here: only their first packet passes through a nat chain.
 */
function renderBase({ table, serviceCidr, gateway, nodePorts }: ServiceTableOptions): string {
  const byAddress = "ip daddr . meta l4proto . th dport";
  const ranges = nodePorts.cidrs.length > 0 ? nodePorts.cidrs.map((cidr) => ` ip daddr ${cidr}`) : [""];
  const byNodePort = (map: string) =>
    ranges.map((range) => `fib daddr type local${range} meta l4proto . th dport vmap @${map}`).join("\n    ");
  return `
add table ip ${table}
delete table ip ${table}
table ip ${table} {
  map service_ips { type ipv4_addr . inet_proto . inet_service : verdict; }
  map service_nodeports { type inet_proto . inet_service : verdict; }
  map no_endpoint_services { type ipv4_addr . inet_proto . inet_service : verdict; }
  map no_endpoint_nodeports { type inet_proto . inet_service : verdict; }
  set cluster_ips { type ipv4_addr; }
  set hairpin { type ipv4_addr . ipv4_addr; }

  chain services {
    ${byAddress} vmap @service_ips
    ${byNodePort("service_nodeports")}
  }
  chain prerouting {
    type nat hook prerouting priority -95; policy accept;
    jump services
  }
  chain output {
    type nat hook output priority -95; policy accept;
    jump services
  }
  chain postrouting {
    type nat hook postrouting priority 95; policy accept;
    ct status dnat ip saddr . ip daddr @hairpin snat to ${gateway}
    meta mark & ${MASQUERADE_MARK} == ${MASQUERADE_MARK} meta mark set meta mark xor ${MASQUERADE_MARK} masquerade
  }

  chain reject_new {
    meta l4proto tcp reject with tcp reset
    reject with icmp port-unreachable
  }
  chain check_endpoints {
    ${byAddress} vmap @no_endpoint_services
    ${byNodePort("no_endpoint_nodeports")}
  }
  chain check_addresses {
    ip daddr @cluster_ips goto reject_new
    ip daddr ${serviceCidr} reject with icmp host-unreachable
  }
  chain filter_input {
    type filter hook input priority -10; policy accept;
    ct state new jump check_endpoints
  }
  chain filter_forward {
    type filter hook forward priority -10; policy accept;
    ct state new jump check_endpoints
    ct state new jump check_addresses
  }
  chain filter_output {
    type filter hook output priority -10; policy accept;
    ct state new jump check_endpoints
    ct state new jump check_addresses
  }
}`;
}
