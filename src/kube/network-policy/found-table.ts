import { isGantryError } from "../../base/index.ts";
import { nft } from "../../kernel/index.ts";
import type { FoundTable } from "./policy-table.ts";

/** The parts of `nft -j list table` (libnftables-json(5)) that are of interest. */
interface Listing {
  nftables: {
    chain?: { name: string };
    set?: { name: string; elem?: unknown[] };
    map?: { name: string; elem?: unknown[] };
  }[];
}

/** What an earlier run has left; undefined: no such table. */
export function readTable(table: string): FoundTable | undefined {
  let text: string;
  try {
    text = nft(`list table inet ${table}`, { json: true });
  } catch (error) {
    if (isGantryError(error, "NotFound")) return undefined;
    throw error;
  }
  const chains = new Set<string>();
  const sets = new Map<string, Map<string, string>>();
  for (const { chain, set, map } of (JSON.parse(text) as Listing).nftables) {
    if (chain) chains.add(chain.name);
    const filled = set ?? map;
    if (filled)
      sets.set(filled.name, new Map((filled.elem ?? []).map((one) => elementOf(one, map !== undefined))));
  }
  return { sets, chains };
}

/** `["10.244.0.5", {"goto": {"target": "all_…"}}]`, `{"concat": ["10.244.0.5", 80]}` or `"10.244.0.5"`. */
function elementOf(element: unknown, isPair: boolean): [element: string, value: string] {
  if (!isPair) return [keyText(element), ""];
  const [key, value] = element as [unknown, { goto?: { target: string } }];
  return [keyText(key), value.goto ? `goto ${value.goto.target}` : JSON.stringify(value)];
}

function keyText(key: unknown): string {
  if (typeof key === "string") return key;
  const { concat } = key as { concat?: unknown[] };
  return concat ? concat.join(" . ") : JSON.stringify(key);
}
