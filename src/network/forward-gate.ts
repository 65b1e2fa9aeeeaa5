import { errorMessage, isGantryError, type Logger } from "../base/index.ts";
import { nft } from "../kernel/index.ts";

/** A chain of somebody else's that drops what this instance forwards. */
export interface ForwardFinding {
  /** `ip filter FORWARD`. */
  chain: string;
  why: string;
}

interface Chain {
  family: string;
  table: string;
  name: string;
  hook?: string;
  policy?: string;
}

/** As libnftables-json(5) writes it. */
type Expression = Record<string, unknown>;

interface Rule {
  family: string;
  table: string;
  chain: string;
  handle: number;
  expr: Expression[];
}

/** Of iptables over nftables: who adds to it what iptables can read does as `iptables -A FORWARD` would. */
const IPTABLES_FORWARD = "ip filter FORWARD";
const OWN_TABLES = /^gantry_/;

/**
 * Lets this instance's packets through a firewall whose policy for forwarded packets is to drop them (as another container
 * engine's, or a person's `iptables -P FORWARD DROP`). Rules are appended to the chain, so that they come after whatever a
 * person has said there and stand in for the policy alone. Chains that iptables does not keep are left alone, and told of.
 */
export class ForwardGate {
  readonly #prefix: string;
  readonly #logger: Logger;
  #told = "";
  #findings: readonly ForwardFinding[] = [];

  constructor(options: { instanceId: string; logger: Logger }) {
    this.#prefix = `gt${options.instanceId}`;
    this.#logger = options.logger;
  }

  /** What keeps packets from passing all the same, as of the last `open`. */
  get findings(): readonly ForwardFinding[] {
    return this.#findings;
  }

  /** To be called again from time to time: firewalls come, and load their rules anew. */
  open(): void {
    try {
      this.#findings = forwardChains().flatMap((chain) => this.#pass(chain));
      this.#tell("the host's firewall drops what containers send", this.#findings);
    } catch (error) {
      this.#tell("the host's firewall cannot be looked at", [{ error: errorMessage(error) }]);
    }
  }

  /** Once, and not every time that it is so. */
  #tell(message: string, details: readonly object[]): void {
    const text = JSON.stringify([message, details]);
    if (text === this.#told) return;
    this.#told = text;
    for (const detail of details) this.#logger.warn(message, { ...detail });
  }

  close(): void {
    closeForwardGate(this.#prefix.slice(2));
  }

  #pass(chain: Chain): ForwardFinding[] {
    const name = nameOf(chain);
    const rules = rulesOf(name);
    const found = findingOf(chain, rules);
    if (found) return [found];
    if (chain.policy !== "drop") return [];
    const missing = ["iifname", "oifname"].filter(
      (key) => !rules.some(({ expr }) => isOwn(expr, key, this.#prefix)),
    );
    if (missing.length > 0)
      nft(missing.map((key) => `add rule ${name} ${key} "${this.#prefix}*" counter accept`).join("\n"));
    return [];
  }
}

/** What keeps forwarded packets from passing, whatever an instance does. Changes nothing. */
export function forwardFindings(): ForwardFinding[] {
  return forwardChains().flatMap((chain) => findingOf(chain, rulesOf(nameOf(chain))) ?? []);
}

function findingOf(chain: Chain, rules: readonly Rule[]): ForwardFinding | undefined {
  const name = nameOf(chain);
  const end = rules.findLast(({ expr }) => isForAll(expr));
  if (end && dropsAll(end.expr)) return { chain: name, why: "its last rule drops or rejects the rest" };
  // To the one that iptables keeps rules are added.
  if (chain.policy === "drop" && name !== IPTABLES_FORWARD) return { chain: name, why: "its policy is drop" };
  return undefined;
}

/** Takes the instance's rules out again, and tells whether there were any; for `gantry reset` too, where nothing runs. */
export function closeForwardGate(instanceId: string): boolean {
  const prefix = `gt${instanceId}`;
  const own = rulesOf(IPTABLES_FORWARD).filter(({ expr }) =>
    ["iifname", "oifname"].some((key) => isOwn(expr, key, prefix)),
  );
  if (own.length > 0)
    nft(own.map(({ handle }) => `delete rule ${IPTABLES_FORWARD} handle ${handle}`).join("\n"));
  return own.length > 0;
}

const nameOf = ({ family, table, name }: Chain) => `${family} ${table} ${name}`;

function forwardChains(): Chain[] {
  const { nftables } = JSON.parse(nft("list chains", { json: true })) as { nftables: { chain?: Chain }[] };
  return nftables
    .flatMap(({ chain }) => chain ?? [])
    .filter(({ family, hook }) => hook === "forward" && (family === "ip" || family === "inet"))
    .filter(({ table }) => !OWN_TABLES.test(table));
}

function rulesOf(chain: string): Rule[] {
  let text: string;
  try {
    text = nft(`list chain ${chain}`, { json: true });
  } catch (error) {
    if (isGantryError(error, "NotFound")) return [];
    throw error;
  }
  const { nftables } = JSON.parse(text) as { nftables: { rule?: Rule }[] };
  return nftables.flatMap(({ rule }) => rule ?? []);
}

/** `{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "gt1a2b3c*"}}`, and accept. */
function isOwn(expr: readonly Expression[], key: string, prefix: string): boolean {
  return expr.some(({ match }) => {
    const { left, right } = (match ?? {}) as { left?: { meta?: { key: string } }; right?: unknown };
    return left?.meta?.key === key && right === `${prefix}*`;
  });
}

/** Nothing in it but counting, logging and what becomes of the packet. */
function isForAll(expr: readonly Expression[]): boolean {
  return expr.every((one) => ["counter", "log", "drop", "reject", "accept"].some((key) => key in one));
}

function dropsAll(expr: readonly Expression[]): boolean {
  return expr.some((one) => "drop" in one || "reject" in one);
}
