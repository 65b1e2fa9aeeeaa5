import { silentLogger } from "../../../src/base/index.ts";
import { openMemoryStore, type Store, type StoreEvent } from "../../../src/store/index.ts";
import { groups } from "./steps.ts";

/** All that can be read of a store, as text: its numbers, keys and history. Leases have random ids, so only whether there is one. */
export async function describeStore(store: Store): Promise<string> {
  const { revision, compactRevision } = await store.status();
  const { items } = await store.range("");
  const lines = [`revision ${revision}, compacted to ${compactRevision}`, ...items.map(describeItem)];
  if (compactRevision < revision) {
    const startRevision = compactRevision + 1;
    for await (const batch of store.watch({ key: "", prefix: true, startRevision, everyRevision: true })) {
      lines.push(...batch.events.map(describeEvent));
      if (batch.revision >= revision) break;
    }
  }
  return lines.join("\n");
}

type Item = StoreEvent["item"];

function describeItem({ key, value, createRevision, modRevision, version, lease }: Item): string {
  const text = `${Buffer.from(value).toString("utf8", 0, 20)}… ${value.byteLength} bytes`;
  return `${key}: ${createRevision} ${modRevision} ${version} ${lease !== 0} ${text}`;
}

function describeEvent({ type, item, previous }: StoreEvent): string {
  return `${type} ${describeItem(item)} before ${previous ? describeItem(previous) : "nothing"}`;
}

/** How the store is to look after each number of steps, from none on: what a store in memory makes of them. */
export async function expectedStates(): Promise<string[]> {
  const store = await openMemoryStore({ logger: silentLogger, keepHistoryMs: 0 });
  const place = { dir: "/nowhere", leases: [] };
  const states = [await describeStore(store)];
  for (const step of groups.flat()) {
    await step.run(store, place);
    states.push(await describeStore(store));
  }
  await store.close();
  return states;
}

/** The states in which a store may be when so many steps were acknowledged: those that were begun may have been done, in their order. */
export function lawfulStates(states: readonly string[], acknowledged: number): string[] {
  let begun = 0;
  for (const group of groups) {
    begun += group.length;
    if (begun > acknowledged) break;
  }
  return states.slice(acknowledged, begun + 1);
}
