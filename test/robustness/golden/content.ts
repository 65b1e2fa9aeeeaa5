import type { KeyValue, Store, StoreEvent } from "../../../src/store/index.ts";

interface Item extends Omit<KeyValue, "value"> {
  value: string;
}

/** All that can be read of a store, in a form that JSON keeps. */
export interface Content {
  revision: number;
  compactRevision: number;
  /** The keys at each revision that is not compacted. */
  keys: Record<number, Item[]>;
  history: { type: "put" | "delete"; item: Item; previous: Item | null }[];
}

export async function readContent(store: Store): Promise<Content> {
  const { revision, compactRevision } = await store.status();
  const keys: Content["keys"] = {};
  for (let at = compactRevision; at <= revision; at++) {
    keys[at] = (await store.range("", { revision: at })).items.map(toItem);
  }
  const history: Content["history"] = [];
  const options = { key: "", prefix: true, startRevision: compactRevision + 1, everyRevision: true };
  for await (const batch of store.watch(options)) {
    history.push(...batch.events.map(toEvent));
    if (batch.revision >= revision) break;
  }
  return { revision, compactRevision, keys, history };
}

function toItem(item: KeyValue): Item {
  return { ...item, value: Buffer.from(item.value).toString("utf8") };
}

function toEvent({ type, item, previous }: StoreEvent): Content["history"][number] {
  return { type, item: toItem(item), previous: previous ? toItem(previous) : null };
}
