import { systemClock } from "../../base/index.ts";
import { EtcdConnection } from "./connection.ts";
import { oldEtcd } from "./etcd-errors.ts";
import type { EtcdStoreOptions } from "./index.ts";
import { STATUS } from "./methods.ts";

export const DEFAULT_REQUEST_TIMEOUT_MS = 10_000;
const DEFAULT_PING_INTERVAL_MS = 10_000;

/** Connects to a cluster that is new enough. */
export async function openConnection(
  options: EtcdStoreOptions,
): Promise<{ connection: EtcdConnection; version: string }> {
  const connection = new EtcdConnection({
    endpoints: options.endpoints,
    tls: options.tls,
    user: options.user,
    clock: options.clock ?? systemClock,
    requestTimeoutMs: options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS,
    pingIntervalMs: options.pingIntervalMs ?? DEFAULT_PING_INTERVAL_MS,
  });
  try {
    const { version } = await connection.request(STATUS, {});
    const [major = 0, minor = 0] = version.split(".").map(Number);
    if (!(major > 3 || (major === 3 && minor >= 4))) throw oldEtcd(connection.endpoints[0]!.name, version);
    return { connection, version };
  } catch (error) {
    connection.close();
    throw error;
  }
}
