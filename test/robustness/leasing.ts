import { systemClock } from "../../src/base/index.ts";
import { type History, type LeaseRecord, makeValue } from "./history.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { Session } from "./session.ts";
import { ConnectionLost, Refused, type StoreClient } from "./store-client.ts";
import { recordTransaction } from "./traffic.ts";

const LOOK_EVERY_MS = 50;
const RENEWALS_PER_TTL = 4;
/** An expired lease is revoked by a write like others, and once more a second later when that fails. */
const SLACK_MS = 2_500;
/**
 * A new leader of etcd gives each lease its whole time again (lessor.Promote), and with the election time-out of 50 ms that the tests
 * use a slow disk is enough to get one, also while nothing is being done to it.
 */
const ETCD_EXTENSIONS = 2;
const FATES = { kept: 4, abandoned: 3, revoked: 2 };

/**
 * One client that puts keys on leases, as a holder of a lock does: keeps the lease alive for a while and revokes it, or revokes
 * it at once, or forgets about it.
 */
export class LeasingClient {
  readonly #name: string;
  readonly #session: Session;
  readonly #history: History;
  readonly #random: SeededRandom;
  readonly #extensions: number;
  #client: StoreClient | undefined;
  #count = 0;

  constructor(
    name: string,
    session: Session,
    history: History,
    random: SeededRandom,
    target: "lmdb" | "etcd",
  ) {
    this.#name = name;
    this.#session = session;
    this.#history = history;
    this.#random = random;
    this.#extensions = target === "etcd" ? ETCD_EXTENSIONS : 0;
  }

  async run(): Promise<void> {
    while (!this.#session.signal.aborted) {
      const record = await this.#grant();
      if (record) await this.#live(record, this.#random.weighted(FATES));
      else await this.#session.pause(LOOK_EVERY_MS);
    }
    this.#client?.close();
  }

  async #grant(): Promise<LeaseRecord | undefined> {
    const askedMs = systemClock.monotonicMs();
    const granted = await this.#ask((client) =>
      client.call("grantLease", { ttlSeconds: this.#random.between(1, 2) }),
    );
    if (typeof granted === "string") return undefined;
    const dir = `/registry/held/${this.#name}-${++this.#count}`;
    const record: LeaseRecord = {
      client: this.#name,
      id: granted.id,
      ttlMs: granted.ttlSeconds * 1000,
      keys: [`${dir}/a`, `${dir}/b`],
      renewedFromMs: askedMs,
      renewedUntilMs: systemClock.monotonicMs(),
      revoke: "never",
      refusedAtMs: undefined,
      goneAtMs: undefined,
      overdueMs: 0,
    };
    this.#history.leases.push(record);
    const success = record.keys.map((key) => ({
      type: "put" as const,
      key,
      value: makeValue(key.replaceAll("/", "."), 10),
      lease: granted.id,
    }));
    const transaction = { compare: [], success, failure: [] };
    const outcome = await this.#ask((client) =>
      recordTransaction(client, this.#name, transaction, this.#history),
    );
    return outcome === "ok" ? record : undefined;
  }

  async #live(record: LeaseRecord, fate: keyof typeof FATES): Promise<void> {
    const endMs =
      systemClock.monotonicMs() + (fate === "revoked" ? 0 : record.ttlMs * this.#random.between(1, 3));
    let renewMs = record.renewedFromMs;
    while (!this.#session.signal.aborted && record.goneAtMs === undefined && record.overdueMs === 0) {
      const nowMs = systemClock.monotonicMs();
      if (fate !== "abandoned" && nowMs >= endMs) await this.#revoke(record);
      else if (fate === "kept" && nowMs >= renewMs) {
        renewMs = nowMs + record.ttlMs / RENEWALS_PER_TTL;
        await this.#renew(record, nowMs);
      }
      await this.#look(record);
      await this.#session.pause(LOOK_EVERY_MS);
    }
  }

  async #renew(record: LeaseRecord, askedMs: number): Promise<void> {
    const answer = await this.#ask((client) => client.call("keepLeaseAlive", { lease: record.id }));
    const answeredMs = systemClock.monotonicMs();
    if (answer === "Store.LeaseNotFound") record.refusedAtMs ??= answeredMs;
    else record.renewedUntilMs = answeredMs;
    if (typeof answer !== "string") record.renewedFromMs = askedMs;
  }

  async #revoke(record: LeaseRecord): Promise<void> {
    if (record.revoke === "never") record.revoke = "asked";
    const answer = await this.#ask((client) => client.call("revokeLease", { lease: record.id }));
    if (typeof answer !== "string") record.revoke = "done";
  }

  async #look(record: LeaseRecord): Promise<void> {
    const { sinceMs } = this.#session.calm;
    const askedMs = systemClock.monotonicMs();
    const answer = await this.#ask((client) => client.call("get", { key: record.keys[0]!, revision: 0 }));
    if (typeof answer === "string") return;
    if (!answer.item) record.goneAtMs = systemClock.monotonicMs();
    else if (sinceMs !== undefined && sinceMs === this.#session.calm.sinceMs) {
      const lastMs = Math.max(record.renewedUntilMs, sinceMs) + record.ttlMs;
      const overdueMs = record.revoke === "done" ? 1 : askedMs - lastMs;
      const slackMs = record.revoke === "done" ? 0 : SLACK_MS + this.#extensions * record.ttlMs;
      if (overdueMs > slackMs) record.overdueMs = overdueMs;
    }
  }

  /** The code of the error where there is one, `lost` when the connection broke. */
  async #ask<T>(run: (client: StoreClient) => Promise<T>): Promise<T | string> {
    if (!this.#client || this.#client.isLost) this.#client = await this.#session.connect();
    if (!this.#client) return "lost";
    try {
      return await run(this.#client);
    } catch (error) {
      if (error instanceof ConnectionLost) return "lost";
      if (error instanceof Refused) return error.code;
      throw error;
    }
  }
}
