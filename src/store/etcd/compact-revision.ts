import type { EtcdConnection } from "./connection.ts";
import { COMPACTED, isEtcdFailure } from "./etcd-errors.ts";
import { RANGE } from "./methods.ts";

/**
 * The revision up to which etcd has compacted, 0 for never. No method of etcd's tells it without reading the whole database, but
 * the lowest revision that can be read is just that one, and a binary search finds it with some small requests.
 */
export async function findCompactRevision(
  connection: EtcdConnection,
  { key, atLeast, atMost }: { key: Uint8Array; atLeast: number; atMost: number },
): Promise<number> {
  const isReadable = async (revision: number) => {
    try {
      await connection.request(RANGE, { key, revision, count_only: true });
      return true;
    } catch (error) {
      if (isEtcdFailure(error) && error.details === COMPACTED) return false;
      throw error;
    }
  };
  let low = Math.max(1, atLeast);
  if (await isReadable(low)) return atLeast;
  let high = atMost;
  while (low + 1 < high) {
    const middle = Math.floor((low + high) / 2);
    if (await isReadable(middle)) high = middle;
    else low = middle;
  }
  return high;
}
