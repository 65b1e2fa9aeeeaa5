import { GantryError, isGantryError } from "../../base/index.ts";
import type { EtcdConnection } from "./connection.ts";
import { EVERYTHING } from "./key-space.ts";
import { RANGE } from "./methods.ts";

/**
 * Throws PermissionDenied (`Store.NoPermission`) when the user may not read all keys: a watch that tells of every revision,
 * as the watch cache's does, would be refused again and again.
 */
export async function assertReadsWholeKeySpace(connection: EtcdConnection): Promise<void> {
  try {
    await connection.request(RANGE, { ...EVERYTHING, limit: 1, keys_only: true });
  } catch (cause) {
    if (!isGantryError(cause, "PermissionDenied")) throw cause;
    throw new GantryError("PermissionDenied", "etcd does not let the store's user read the whole key space", {
      code: "Store.NoPermission",
      hint: "Watches need that to tell how far they are. Grant it to the user's role: etcdctl role grant-permission ROLE --prefix=true read ''",
      cause,
    });
  }
}
