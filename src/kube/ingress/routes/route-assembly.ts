import type { Listener, RouteRule, RouteTable, VirtualHost } from "../../../reverse-proxy/index.ts";
import type { Contribution, HostRoutes, ListenerKey } from "./contribution.ts";
import { compareHosts } from "./host-order.ts";
import { compareMatches } from "./rule-order.ts";

interface Share {
  owner: string;
  createdMs: number;
  routes: HostRoutes;
}

interface HostEntry {
  shares: Map<string, Share[]>;
  /** Put together; absent since a share changed. */
  made: VirtualHost | undefined;
}

interface ListenerEntry {
  key: ListenerKey;
  hosts: Map<string, HostEntry>;
}

/**
 * Puts together what single objects contribute. Only hosts that a change concerns are made anew: the others stay the same
 * objects from table to table.
 */
export class RouteAssembly {
  readonly #listeners = new Map<string, ListenerEntry>();
  readonly #owners = new Map<string, Contribution>();

  set(owner: string, contribution: Contribution): void {
    this.delete(owner);
    this.#owners.set(owner, contribution);
    const { createdMs } = contribution;
    for (const routes of contribution.hosts) {
      const entry = this.#host(routes);
      const share = { owner, createdMs, routes };
      entry.shares.set(owner, [...(entry.shares.get(owner) ?? []), share]);
      entry.made = undefined;
    }
  }

  delete(owner: string): void {
    const known = this.#owners.get(owner);
    if (!known) return;
    this.#owners.delete(owner);
    for (const { listener, host } of known.hosts) this.#forget(owner, keyText(listener), host);
  }

  table(): RouteTable {
    const listeners = [...this.#listeners.values()].sort((a, b) => compareListeners(a.key, b.key));
    return { listeners: listeners.map(assembled) };
  }

  #host({ listener, host }: HostRoutes): HostEntry {
    const text = keyText(listener);
    let entry = this.#listeners.get(text);
    if (!entry) {
      entry = { key: listener, hosts: new Map() };
      this.#listeners.set(text, entry);
    }
    let found = entry.hosts.get(host);
    if (!found) {
      found = { shares: new Map(), made: undefined };
      entry.hosts.set(host, found);
    }
    return found;
  }

  #forget(owner: string, listener: string, host: string): void {
    const entry = this.#listeners.get(listener);
    const known = entry?.hosts.get(host);
    if (!entry || !known) return;
    known.shares.delete(owner);
    known.made = undefined;
    if (known.shares.size > 0) return;
    entry.hosts.delete(host);
    if (entry.hosts.size === 0) this.#listeners.delete(listener);
  }
}

const keyText = ({ address = "", port, protocol }: ListenerKey) => `${address}|${port}|${protocol}`;

function compareListeners(a: ListenerKey, b: ListenerKey): number {
  return a.port - b.port || (keyText(a) < keyText(b) ? -1 : 1);
}

function assembled({ key, hosts }: ListenerEntry): Listener {
  const made = [...hosts].map(([host, entry]) => {
    entry.made ??= virtualHost(host, [...entry.shares.values()].flat());
    return entry.made;
  });
  return { ...key, hosts: made.sort((a, b) => compareHosts(a.host, b.host)) };
}

/** The oldest object's certificate counts, and of rules of the same rank its own come first. */
function virtualHost(host: string, shares: Share[]): VirtualHost {
  shares.sort((a, b) => a.createdMs - b.createdMs || (a.owner < b.owner ? -1 : Number(a.owner > b.owner)));
  const rules: RouteRule[] = shares.flatMap(({ routes }) => routes.rules);
  const certificate = shares.find(({ routes }) => routes.certificate)?.routes.certificate;
  // Where Ingress and Gateway API have the same wildcard, the wider meaning counts.
  const oneLabel = shares.every(({ routes }) => routes.oneLabel);
  return {
    host,
    ...(oneLabel ? { oneLabel } : {}),
    ...(certificate ? { certificate } : {}),
    rules: rules.sort((a, b) => compareMatches(a.match, b.match)),
  };
}
