import { errorMessage } from "../base/index.ts";
import type { Incoming } from "./incoming.ts";
import { type Matcher, matcherOf } from "./request-matcher.ts";
import type { RouteRule, VirtualHost } from "./types.ts";

interface CompiledRule {
  rule: RouteRule;
  fits: Matcher;
}

interface CompiledHost {
  host: VirtualHost;
  rules: readonly CompiledRule[];
}

/** Compiled once, however often a table comes that has the same host. */
const compiled = new WeakMap<VirtualHost, CompiledHost>();

/** Finds the rule of a request among the hosts of a listener. */
export class RouteLookup {
  readonly #exact = new Map<string, CompiledHost>();
  /** By their suffix (`.example`), the longest first. */
  readonly #wildcards: { suffix: string; entry: CompiledHost }[] = [];
  #any: CompiledHost | undefined;

  /** `refuse` is told of rules whose expressions are none: they fit nothing. */
  constructor(hosts: readonly VirtualHost[], refuse: (rule: string, problem: string) => void) {
    for (const host of hosts) {
      const entry = compile(host, refuse);
      if (host.host === "*") this.#any = entry;
      else if (host.host.startsWith("*.")) this.#wildcards.push({ suffix: host.host.slice(1), entry });
      else this.#exact.set(host.host, entry);
    }
    this.#wildcards.sort((one, other) => other.suffix.length - one.suffix.length);
  }

  /** The host whose rules answer for a name: the most exact one. */
  host(name: string): VirtualHost | undefined {
    return this.#entry(name)?.host;
  }

  rule(request: Incoming): RouteRule | undefined {
    return this.#entry(request.host)?.rules.find(({ fits }) => fits(request))?.rule;
  }

  #entry(name: string): CompiledHost | undefined {
    return (
      this.#exact.get(name) ??
      this.#wildcards.find(({ suffix, entry }) => isBelow(name, suffix, entry.host.oneLabel))?.entry ??
      this.#any
    );
  }
}

function isBelow(name: string, suffix: string, oneLabel = false): boolean {
  if (!name.endsWith(suffix) || name.length === suffix.length) return false;
  return !oneLabel || !name.slice(0, -suffix.length).includes(".");
}

function compile(host: VirtualHost, refuse: (rule: string, problem: string) => void): CompiledHost {
  const known = compiled.get(host);
  if (known) return known;
  const rules = host.rules.flatMap((rule) => {
    try {
      return [{ rule, fits: matcherOf(rule.match) }];
    } catch (error) {
      refuse(rule.name, errorMessage(error));
      return [];
    }
  });
  const entry = { host, rules };
  compiled.set(host, entry);
  return entry;
}
