import type { EtcdConnection } from "../etcd/connection.ts";
import type { EtcdStoreOptions } from "../etcd/index.ts";
import { KeySpace } from "../etcd/key-space.ts";
import { LEASE_TIME_TO_LIVE, RANGE } from "../etcd/methods.ts";
import { openConnection } from "../etcd/open-connection.ts";
import { readWholeStoreRecord } from "../etcd/store-record.ts";
import type { KeyValue } from "../types.ts";
import { readPages } from "./etcd-pages.ts";
import type { MigrationSource } from "./types.ts";

export class EtcdSource implements MigrationSource {
  readonly name: string;
  readonly identity: { kind: "etcd"; clusterId: number; prefix: string };
  readonly revision: number;
  readonly #connection: EtcdConnection;
  readonly #keys: KeySpace;

  private constructor(connection: EtcdConnection, keys: KeySpace, etcdRevision: number) {
    this.name = keys.name;
    this.identity = { kind: "etcd", clusterId: connection.clusterId, prefix: keys.prefix };
    this.revision = keys.offset.shown(etcdRevision);
    this.#connection = connection;
    this.#keys = keys;
  }

  /** Throws Unavailable (`Store.Unreachable`, `Store.HalfMigrated`). */
  static async open(options: EtcdStoreOptions): Promise<EtcdSource> {
    const { connection } = await openConnection(options);
    try {
      const { prefix = "" } = options;
      const { record } = await readWholeStoreRecord(connection, new KeySpace(prefix));
      const keys = new KeySpace(prefix, record?.revisionOffset);
      const { header } = await connection.request(RANGE, { ...keys.withPrefix(""), count_only: true });
      return new EtcdSource(connection, keys, header!.revision);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  async count(): Promise<number> {
    const { count } = await this.#connection.request(RANGE, {
      ...this.#keys.withPrefix(""),
      count_only: true,
    });
    return count;
  }

  pages(): AsyncIterable<KeyValue[]> {
    return readPages(this.#connection, this.#keys);
  }

  async leaseTtlSeconds(id: number): Promise<number | undefined> {
    const { TTL, grantedTTL } = await this.#connection.request(LEASE_TIME_TO_LIVE, { ID: id });
    return TTL < 0 ? undefined : grantedTTL;
  }

  async close(): Promise<void> {
    this.#connection.close();
  }
}
