import type { EtcdStoreOptions } from "../etcd/index.ts";
import type { KeyValue } from "../types.ts";

/** Where declared state lies or is to lie. */
export type StoreLocation =
  | { kind: "embedded"; dir: string }
  | { kind: "etcd"; address: Omit<EtcdStoreOptions, "logger" | "clock"> };

/** What tells two locations apart whatever they are called. */
export type StoreIdentity =
  | { kind: "embedded"; dir: string }
  | { kind: "etcd"; clusterId: number; prefix: string };

/** A store that nobody writes to, read as a whole. */
export interface MigrationSource {
  readonly name: string;
  readonly identity: StoreIdentity;
  /** No client of the store knows a higher one. */
  readonly revision: number;
  count(): Promise<number>;
  /** All keys in their order, in pages of some hundred KiB. */
  pages(): AsyncIterable<KeyValue[]>;
  /** Undefined when there is no such lease any more, and so no key on it. */
  leaseTtlSeconds(id: number): Promise<number | undefined>;
  close(): Promise<void>;
}

/** A new store under construction. Nobody can use it before `finish`, and what is there before it is thrown away by the next `begin`. */
export interface MigrationTarget {
  readonly name: string;
  readonly identity: StoreIdentity;
  /** True when keys keep the numbers that they had in the source. */
  readonly keepsRevisions: boolean;
  /** How many `write` may be under way at once. */
  readonly maxWrites: number;
  /** Throws AlreadyExists (`Store.NotEmpty`) where a store is already. */
  begin(sourceRevision: number): Promise<void>;
  /** Returns the id, which is the wanted one where that is possible. The lease lives at least until `finish`. */
  grantLease(wantedId: number, ttlSeconds: number): Promise<number>;
  /** Durable when it resolves. */
  write(items: readonly KeyValue[]): Promise<void>;
  pages(): AsyncIterable<KeyValue[]>;
  /** Throws Conflict (`Store.MigrationOvertaken`) where another migration to the same place has begun since. */
  assertNotOvertaken(): Promise<void>;
  /** Makes it a store that can be used; as long as nobody does, it may still be thrown away by the next `begin`. */
  finish(): Promise<FinishedTarget>;
  /** It is in use now. The first to open it says so too, if this was not done. */
  release(): Promise<void>;
  /** Without `finish` before it, gives up. */
  close(): Promise<void>;
}

export interface FinishedTarget {
  /** No revision that the source's clients know is higher, and none before it can be read. */
  revision: number;
  /** Where a store that was there before is now. */
  movedTo?: string;
}
