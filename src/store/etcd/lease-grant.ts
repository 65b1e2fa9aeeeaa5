import { randomInt } from "node:crypto";
import type { EtcdConnection } from "./connection.ts";
import { isEtcdFailure, LEASE_EXISTS } from "./etcd-errors.ts";
import { LEASE_GRANT } from "./methods.ts";

/** Grants a lease, with `wantedId` if nobody has that. etcd's own ids are too large for a number; these keep below 2^48. */
export async function grantLease(
  connection: EtcdConnection,
  ttlSeconds: number,
  wantedId?: number,
): Promise<{ id: number; ttlSeconds: number }> {
  for (let id = wantedId; ; id = undefined) {
    try {
      const request = { TTL: Math.ceil(ttlSeconds), ID: id ?? randomInt(1, 2 ** 48 - 1) };
      const { ID, TTL } = await connection.request(LEASE_GRANT, request);
      return { id: ID, ttlSeconds: TTL };
    } catch (error) {
      if (!isEtcdFailure(error) || error.details !== LEASE_EXISTS) throw error;
    }
  }
}
