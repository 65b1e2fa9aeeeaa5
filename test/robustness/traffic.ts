import { type History, makeValue, type OperationRecord, type Version } from "./history.ts";
import type { Calls, WireItem, WireOperation, WireResult, WireTransaction } from "./protocol.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { Session } from "./session.ts";
import { ConnectionLost, Refused, type StoreClient } from "./store-client.ts";

const RESOURCES = ["pods", "leases", "configmaps"];
const NAMESPACES = ["default", "kube-system", "shop"];
const NAMES_PER_NAMESPACE = 6;

/** As in a cluster: mostly guarded updates of what was read before, with reads and lists between. */
const WEIGHTS = {
  update: 40,
  create: 14,
  delete: 10,
  pair: 5,
  deletePrefix: 1,
  get: 12,
  getPast: 4,
  list: 10,
  listPast: 4,
};

/** One client of the store, like a controller: it remembers what it has seen and guards its writes with it. */
export class TrafficClient {
  readonly #name: string;
  readonly #session: Session;
  readonly #history: History;
  readonly #random: SeededRandom;
  readonly #known = new Map<string, Version>();
  #client: StoreClient | undefined;
  #writes = 0;
  #seenRevision = 1;

  constructor(name: string, session: Session, history: History, random: SeededRandom) {
    this.#name = name;
    this.#session = session;
    this.#history = history;
    this.#random = random;
  }

  async run(): Promise<void> {
    while (!this.#session.signal.aborted) {
      if (!this.#client || this.#client.isLost) this.#client = await this.#session.connect();
      if (!this.#client) break;
      await this.#step();
      if (this.#random.next() < 0.1) await this.#session.pause(this.#random.between(1, 10));
    }
    this.#client?.close();
  }

  async #step(): Promise<void> {
    const key = this.#anyKey();
    const prefix = key.slice(0, key.lastIndexOf("/") + 1);
    switch (this.#random.weighted(WEIGHTS)) {
      case "update":
        return this.#transact(this.#guarded(key, [this.#put(key)]));
      case "create":
        return this.#transact(this.#createOf(key));
      case "delete":
        return this.#transact(this.#guarded(key, [{ type: "delete", key }]));
      case "pair":
        return this.#transact({
          compare: [],
          success: [this.#put(key), this.#put(this.#anyKey(key))],
          failure: [],
        });
      case "deletePrefix":
        return this.#transact({ compare: [], success: [{ type: "deletePrefix", prefix }], failure: [] });
      case "get":
        return this.#get(key, 0);
      case "getPast":
        return this.#get(key, this.#pastRevision());
      case "list":
        return this.#list(this.#random.pick([prefix, "/registry/pods/", "/registry/"]), 0);
      case "listPast":
        return this.#list(prefix, this.#pastRevision());
    }
  }

  #anyKey(except = ""): string {
    const { pick, between } = this.#random;
    const key = `/registry/${pick.call(this.#random, RESOURCES)}/${pick.call(this.#random, NAMESPACES)}/o${between.call(this.#random, 1, NAMES_PER_NAMESPACE)}`;
    return key === except ? `${key}-too` : key;
  }

  #pastRevision(): number {
    return Math.max(1, this.#seenRevision - this.#random.between(0, 200));
  }

  #put(key: string): WireOperation {
    const id = `${this.#name}-${++this.#writes}`;
    const sizeBytes = this.#random.next() < 0.03 ? 60_000 : this.#random.between(0, 3_000);
    return { type: "put", key, value: makeValue(id, sizeBytes) };
  }

  #createOf(key: string): WireTransaction {
    return {
      compare: [{ key, target: "version", operator: "=", value: 0 }],
      success: [this.#put(key)],
      failure: [{ type: "get", key }],
    };
  }

  #guarded(key: string, success: WireOperation[]): WireTransaction {
    const value = this.#known.get(key)?.modRevision ?? 0;
    return {
      compare: [{ key, target: "modRevision", operator: "=", value }],
      success,
      failure: [{ type: "get", key }],
    };
  }

  async #transact(transaction: WireTransaction): Promise<void> {
    const record = this.#history.begin("transact", this.#name, transaction);
    const answer = await this.#ask("transact", transaction, record);
    if (!answer) return;
    const { succeeded, revision, results } = answer;
    this.#complete(record, { succeeded, revision, results: results.map(toSeenResult) });
    for (const [index, operation] of (succeeded ? transaction.success : transaction.failure).entries()) {
      if (operation.type === "put") this.#learnPut(operation.key, revision);
      else if (operation.type === "get") this.#learn(operation.key, results[index]?.item);
      else if (operation.type === "delete") this.#learn(operation.key, undefined);
    }
  }

  async #get(key: string, revision: number): Promise<void> {
    const takes = { key, revision };
    const record = this.#history.begin("get", this.#name, takes);
    const answer = await this.#ask("get", takes, record);
    if (!answer) return;
    this.#complete(record, { item: answer.item, revision: answer.revision });
    if (revision === 0) this.#learn(key, answer.item);
  }

  async #list(prefix: string, revision: number): Promise<void> {
    const limit = this.#random.next() < 0.3 ? this.#random.between(1, 5) : 0;
    const takes = { prefix, revision, limit };
    const record = this.#history.begin("range", this.#name, takes);
    const answer = await this.#ask("range", takes, record);
    if (!answer) return;
    this.#complete(record, answer);
    if (revision === 0) for (const item of answer.items) this.#learn(item.key, item);
  }

  async #ask<Name extends "transact" | "get" | "range">(
    call: Name,
    takes: Calls[Name]["takes"],
    record: OperationRecord,
  ): Promise<Calls[Name]["gives"] | undefined> {
    try {
      const answer = await this.#client!.call(call, takes);
      this.#seenRevision = Math.max(this.#seenRevision, answer.revision);
      return answer;
    } catch (error) {
      if (error instanceof ConnectionLost) return undefined;
      if (!(error instanceof Refused)) throw error;
      record.code = error.code;
      if (this.#history.surelyNotDone.has(error.code)) record.outcome = "refused";
      // What fails is not hammered.
      await this.#session.pause(20);
      return undefined;
    }
  }

  #complete<R extends OperationRecord>(record: R, gives: R["gives"]): void {
    record.completedAt = this.#history.tick();
    record.outcome = "ok";
    record.gives = gives;
    this.#session.calm.count();
  }

  #learn(key: string, item: WireItem | undefined): void {
    if (item) this.#known.set(key, item);
    else this.#known.delete(key);
  }

  #learnPut(key: string, revision: number): void {
    this.#known.set(key, { key, id: "", createRevision: 0, modRevision: revision, version: 0 });
  }
}

/** One transaction into the history: `ok`, the code of its error, or `lost` with the connection. */
export async function recordTransaction(
  client: StoreClient,
  name: string,
  transaction: WireTransaction,
  history: History,
): Promise<string> {
  const record = history.begin("transact", name, transaction);
  try {
    const { succeeded, revision, results } = await client.call("transact", transaction);
    record.completedAt = history.tick();
    record.outcome = "ok";
    record.gives = { succeeded, revision, results: results.map(toSeenResult) };
    return "ok";
  } catch (error) {
    if (error instanceof ConnectionLost) return "lost";
    if (!(error instanceof Refused)) throw error;
    record.code = error.code;
    if (history.surelyNotDone.has(error.code)) record.outcome = "refused";
    return error.code;
  }
}

function toSeenResult({ previous, item }: WireResult): { previous?: Version[]; item?: Version } {
  return {
    ...(previous ? { previous } : {}),
    ...(item ? { item } : {}),
  };
}
