import { isGantryError } from "../base/index.ts";
import { nft } from "./nftables.ts";

/** What is in a table: elements of sets and maps as nft writes them (the value empty for sets), and the names of chains. */
export interface NftTable {
  sets: ReadonlyMap<string, ReadonlyMap<string, string>>;
  chains: ReadonlySet<string>;
}

/** The parts of `nft -j list table` (libnftables-json(5)) that are of interest. */
interface Listing {
  nftables: {
    chain?: { name: string };
    set?: { name: string; elem?: unknown[] };
    map?: { name: string; elem?: unknown[] };
  }[];
}

/** Undefined: there is no such table. */
export function readNftTable(family: "ip" | "inet", name: string): NftTable | undefined {
  let text: string;
  try {
    text = nft(`list table ${family} ${name}`, { json: true });
  } catch (error) {
    if (isGantryError(error, "NotFound")) return undefined;
    throw error;
  }
  const chains = new Set<string>();
  const sets = new Map<string, Map<string, string>>();
  for (const { chain, set, map } of (JSON.parse(text) as Listing).nftables) {
    if (chain) chains.add(chain.name);
    const filled = set ?? map;
    if (!filled) continue;
    const elements = (filled.elem ?? []).map((one) => elementOf(one, map !== undefined));
    sets.set(filled.name, new Map(elements));
  }
  return { sets, chains };
}

/** `["10.244.0.5", {"goto": {"target": "all_…"}}]`, `{"concat": ["10.244.0.5", 80]}` or `"10.244.0.5"`. */
function elementOf(element: unknown, isPair: boolean): [element: string, value: string] {
  if (!isPair) return [keyText(element), ""];
  const [key, value] = element as [unknown, unknown];
  return [keyText(key), verdictText(value)];
}

function verdictText(verdict: unknown): string {
  const { goto, drop } = verdict as { goto?: { target: string }; drop?: null };
  if (goto) return `goto ${goto.target}`;
  return drop === null ? "drop" : JSON.stringify(verdict);
}

function keyText(key: unknown): string {
  if (typeof key === "string") return key;
  const { concat } = key as { concat?: unknown[] };
  return concat ? concat.join(" . ") : JSON.stringify(key);
}
