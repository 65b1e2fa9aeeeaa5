import type { EtcdConnection } from "../etcd/connection.ts";
import type { KeySpace } from "../etcd/key-space.ts";
import { RANGE } from "../etcd/methods.ts";
import type { KeyValue } from "../types.ts";
import { sizeOf } from "./batches.ts";

const PAGE_BYTES = 2 ** 20;
/** Values may be of 1.5 MiB. */
const FIRST_PAGE_ITEMS = 20;
const MAX_PAGE_ITEMS = 5_000;

/** All keys of a store in etcd as they are when their page is read, which is right where nobody writes. */
export async function* readPages(
  connection: EtcdConnection,
  keys: KeySpace,
): AsyncGenerator<KeyValue[], void, void> {
  let startAfter: string | undefined;
  let limit = FIRST_PAGE_ITEMS;
  for (;;) {
    const { kvs, more } = await connection.request(RANGE, { ...keys.withPrefix("", startAfter), limit });
    const page = kvs.map((kv) => keys.toKeyValue(kv));
    if (page.length > 0) yield page;
    if (!more) return;
    startAfter = page.at(-1)!.key;
    limit = nextLimit(page);
  }
}

/** It grows slowly, for the next values may be larger. */
function nextLimit(page: readonly KeyValue[]): number {
  const bytes = page.reduce((sum, item) => sum + sizeOf(item), 0);
  const fitting = Math.floor((PAGE_BYTES * page.length) / bytes);
  return Math.max(1, Math.min(fitting, page.length * 2, MAX_PAGE_ITEMS));
}
