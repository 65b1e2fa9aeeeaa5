import type { EtcdProcess } from "../../../src/store/etcd/etcd-process.test-support.ts";
import type { TcpProxy } from "../../../src/store/etcd/tcp-proxy.test-support.ts";
import type { Calm } from "../calm.ts";
import type { WireTransaction } from "../protocol.ts";
import type { SeededRandom } from "../seeded-random.ts";
import type { ServerProcess } from "../server-process.ts";
import type { StoreClient } from "../store-client.ts";
import type { Violations } from "../violation.ts";
import type { LoopDisk } from "./loop-disk.ts";

export interface FaultContext {
  random: SeededRandom;
  violations: Violations;
  storeDir: string;
  /** Ended by the fault before it does harm, begun when that is over; a process that ends or starts does so by itself. */
  calm: Calm;
  /** The process under test. */
  server(): ServerProcess;
  /** Starts it anew, with strace's arguments where system calls are to fail. The one before must have ended. */
  start(inject?: readonly string[]): Promise<void>;
  pause(ms: number): Promise<void>;
  /** Where the fault asked for a disk of its own. */
  disk: LoopDisk | undefined;
  /** Where the store is in etcd. */
  etcd: readonly EtcdProcess[];
  /** The ways to its members, where the fault asked for some that it can break. */
  proxies: readonly TcpProxy[];
  count(what: string): void;
  /** A transaction beside the traffic: `ok`, the code of its error, or `lost` with the connection. */
  probe(transaction: WireTransaction): Promise<string>;
  /** With a client beside the traffic. */
  ask<T>(call: (client: StoreClient) => Promise<T>): Promise<T>;
  /** Reads the history up to now and returns up to where it was read; from then on it may be compacted up to there. */
  collect(): Promise<number>;
}

export interface Fault {
  /** Once; afterwards the process serves again, or will after the next `start`. */
  inject(context: FaultContext): Promise<void>;
  /** In a file system of its own. */
  disk?: { sizeMib: number; commitSeconds: (random: SeededRandom) => number };
  target: "lmdb" | "etcd";
  needs: "nothing" | "strace" | "root" | "etcd";
  /** Too long for every commit. */
  onlyInLongRun?: boolean;
  /** The store compacts by itself what is older. */
  keepHistoryMs?: number;
  /** The process' wall clock can be moved. */
  movableDate?: boolean;
  /** What an operator does beside the traffic. */
  maintains?: readonly ("snapshot" | "defragment")[];
  etcdFlags?: string[];
  /** etcd is reached by proxies. */
  proxied?: boolean;
}
