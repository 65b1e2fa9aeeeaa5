import type { EtcdConnection } from "./connection.ts";
import { DEFRAGMENT } from "./methods.ts";

/** etcd writes some 100 MB a second anew; data of its usual limit, 8 GB, take a while on a slow disk. */
const TIMEOUT_MS = 10 * 60_000;

/** One member after the other, so that the others go on serving. */
export async function defragmentMembers(connection: EtcdConnection): Promise<void> {
  for (const endpoint of connection.endpoints)
    await connection.requestFrom(endpoint, DEFRAGMENT, {}, TIMEOUT_MS);
}
