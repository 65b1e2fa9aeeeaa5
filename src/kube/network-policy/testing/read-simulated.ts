import { isGantryError } from "../../../base/index.ts";
import { nft, readNftTable } from "../../../kernel/index.ts";
import { SimulatedTable } from "./simulated-table.ts";

/** What the kernel has, to be asked what it lets through; undefined: it has no such table. */
export function readSimulated(table: string): SimulatedTable | undefined {
  let text: string;
  try {
    text = nft(`list table inet ${table}`);
  } catch (error) {
    if (isGantryError(error, "NotFound")) return undefined;
    throw error;
  }
  const simulated = new SimulatedTable();
  for (const [name, elements] of readNftTable("inet", table)!.sets)
    simulated.sets.set(name, new Map(elements));
  const pattern = /\tchain (\S+) \{\n((?:\t\t.*\n)*)\t\}/g;
  for (const [, name, body] of text.matchAll(pattern))
    simulated.chains.set(
      name!,
      body!
        .split("\n")
        .map((line) => line.trim())
        .filter(Boolean),
    );
  return simulated;
}
