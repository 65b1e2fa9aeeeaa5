import type { ServiceError } from "@grpc/grpc-js";
import type { Clock } from "../../base/index.ts";
import { closed } from "../errors.ts";
import type { EtcdConnection } from "./connection.ts";
import { etcdError, isStaleToken, unreachable } from "./etcd-errors.ts";
import { LEASE_KEEP_ALIVE } from "./methods.ts";

/** Renews a lease once; resolves with its time to live in seconds, 0 when there is no such lease. */
export async function keepAlive(
  connection: EtcdConnection,
  id: number,
  clock: Clock,
  timeoutMs: number,
): Promise<number> {
  const { stream, endpoint, token, leaveEndpoint } = await connection.openStream(LEASE_KEEP_ALIVE);
  try {
    return await new Promise<number>((resolve, reject) => {
      const cancel = clock.after(timeoutMs, () => {
        leaveEndpoint();
        reject(unreachable([endpoint.name], timeoutMs, ["no answer"]));
      });
      const fail = (error: ServiceError) => {
        cancel();
        if (isStaleToken(error.details)) connection.forgetToken(token);
        reject(connection.isClosed ? closed() : etcdError(error, { endpoint: endpoint.name, write: false }));
      };
      stream.on("error", fail);
      stream.on("data", ({ TTL }: { TTL: number }) => {
        cancel();
        resolve(TTL);
      });
      stream.write({ ID: id });
    });
  } finally {
    stream.cancel();
  }
}
