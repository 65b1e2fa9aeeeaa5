import { type History, toSeenBatch, type WatchRecord } from "./history.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { Session } from "./session.ts";
import { ConnectionLost, Refused, type StoreClient } from "./store-client.ts";

const TARGETS = [
  { key: "/registry/", prefix: true },
  { key: "/registry/pods/", prefix: true },
  { key: "/registry/pods/default/o1", prefix: false },
  { key: "", prefix: true },
];

/**
 * One client that watches as informers do: from the revision of a list, again from the last revision after a broken connection,
 * and from a new list after `Gone`. Now and then it ends its watch or does not read for a while.
 */
export class WatchingClient {
  readonly #name: string;
  readonly #session: Session;
  readonly #history: History;
  readonly #random: SeededRandom;

  constructor(name: string, session: Session, history: History, random: SeededRandom) {
    this.#name = name;
    this.#session = session;
    this.#history = history;
    this.#random = random;
  }

  async run(): Promise<void> {
    let next: number | undefined;
    while (!this.#session.signal.aborted) {
      const client = await this.#session.connect();
      if (!client) return;
      try {
        next ??= (await client.call("status", {})).revision + 1;
        // A look back: the same events once more, from the store's history.
        const startRevision = Math.max(
          2,
          this.#random.next() < 0.2 ? next - this.#random.between(1, 100) : next,
        );
        next = await this.#watch(client, startRevision);
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
      } finally {
        client.close();
      }
    }
  }

  /** Returns where to go on; undefined when that is gone. */
  async #watch(client: StoreClient, startRevision: number): Promise<number | undefined> {
    const target = this.#random.pick(TARGETS);
    const progress = this.#random.pick([{}, { everyRevision: true }, { progressIntervalMs: 50 }]);
    const record: WatchRecord = {
      client: this.#name,
      options: { ...target, ...progress, startRevision },
      batches: [],
      invokedAt: this.#history.tick(),
      end: undefined,
    };
    this.#history.watches.push(record);
    const { ended, cancel } = client.watch(record.options, (batch) =>
      record.batches.push(toSeenBatch(batch)),
    );
    const over = ended.then(
      () => "cancelled",
      (error) => (error instanceof Refused ? error.code : "lost"),
    );
    const isOver = over.then((end) => {
      record.end = end;
    });
    await this.#live(client, record, isOver);
    while (this.#session.holdsWatches && !record.end && !this.#session.signal.aborted)
      await this.#session.pause(20);
    cancel();
    await isOver;
    if (record.end === "Store.Compacted") return undefined;
    return Math.max(startRevision, (record.batches.at(-1)?.revision ?? 0) + 1);
  }

  async #live(client: StoreClient, record: WatchRecord, isOver: Promise<void>): Promise<void> {
    const lifeMs = this.#random.between(50, 1500);
    const pauses = this.#random.next() < 0.2;
    await Promise.race([isOver, this.#session.pause(lifeMs / 2)]);
    if (pauses && !record.end) {
      client.pause();
      await this.#session.pause(this.#random.between(20, 200));
      client.resume();
    }
    await Promise.race([isOver, this.#session.pause(lifeMs / 2)]);
  }
}
