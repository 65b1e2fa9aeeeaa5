import type { Clock, Logger } from "../../base/index.ts";
import type { Store } from "../types.ts";
import type { EtcdTls } from "./endpoint-pool.ts";
import type { EtcdRequestTimes } from "./request-times.ts";

export type { EtcdTls } from "./endpoint-pool.ts";
export { EtcdRequestTimes } from "./request-times.ts";
export { type EtcdAddress, parseEtcdAddress } from "./store-address.ts";

export interface EtcdStoreOptions {
  /** Members of one cluster: `host:port`, or with `http://` or `https://` before it. */
  endpoints: readonly string[];
  /** Where it is given, endpoints without a scheme are spoken to with TLS. */
  tls?: EtcdTls;
  user?: { name: string; password: string };
  /** What all keys begin with in etcd, so that others can use it too. Default: nothing. */
  prefix?: string;
  logger: Logger;
  clock?: Clock;
  /** For one request, its second tries on other members included. Default 10 s. */
  requestTimeoutMs?: number;
  /** How often a quiet connection is tried; 10 s when absent. etcd refuses more than its --grpc-keepalive-min-time, 5 s. */
  pingIntervalMs?: number;
  /** Largest value; 1.5 MiB when absent, which is about what etcd takes when it is not told otherwise. */
  maxValueBytes?: number;
  /** History older than this is compacted by itself; absent: 5 minutes; 0: never, when etcd or somebody else does it. */
  keepHistoryMs?: number;
  /** Watches with `everyRevision` will be opened: a user who may not is refused at once. */
  forWatchCache?: boolean;
  /** What may wait for one watcher before it is cut off with `Store.SlowWatcher`. */
  maxWatchWaitingBatches?: number;
  maxWatchWaitingBytes?: number;
  /** Takes the times of requests. */
  requestTimes?: EtcdRequestTimes;
}

/**
 * A store in an etcd cluster (3.4 or newer), which several control planes may share. Errors: `Store.Unreachable`, `Store.OldEtcd`,
 * `Store.BadCredentials`, `Store.BadEndpoint`, `Store.HalfMigrated`, `Store.NewerFormat`. Of the running store, beside those that
 * all stores have: `Store.OutcomeUnknown` (Unavailable) for a write whose confirmation was lost, `Store.Unavailable`,
 * `Store.Timeout`, `Store.NoPermission`, `Store.OtherCluster` and `Store.WentBack` (DataLoss).
 */
export async function openEtcdStore(options: EtcdStoreOptions): Promise<Store> {
  // gRPC takes a while to load: only who uses etcd waits for it.
  const { EtcdStore } = await import("./etcd-store.ts");
  return EtcdStore.open(options);
}
