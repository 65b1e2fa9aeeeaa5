import { join } from "node:path";
import { type Logger, newHexId } from "../base/index.ts";
import { type BridgeRecord, isBridge, type NetworkRecord } from "./network-record.ts";
import { StateFiles } from "./state-files.ts";

/** The networks there are, in memory and on the disk. */
export class NetworkRegistry {
  readonly #files: StateFiles<NetworkRecord>;
  readonly #byId = new Map<string, NetworkRecord>();

  constructor(stateDir: string, logger: Logger) {
    this.#files = new StateFiles(join(stateDir, "networks"), { durable: true, logger });
  }

  load(): void {
    for (const record of this.#files.load()) this.#byId.set(record.id, record);
  }

  all(): NetworkRecord[] {
    return [...this.#byId.values()];
  }

  bridges(): BridgeRecord[] {
    return this.all().filter(isBridge);
  }

  get(id: string): NetworkRecord | undefined {
    return this.#byId.get(id);
  }

  byName(name: string): NetworkRecord | undefined {
    return this.all().find((record) => record.name === name);
  }

  /** By id, name, or a prefix of the id that only one network has; in this order, as Docker. */
  find(reference: string): NetworkRecord | undefined {
    const exact = this.#byId.get(reference) ?? this.byName(reference);
    if (exact || reference === "") return exact;
    const byPrefix = this.all().filter(
      (record) => record.owner === undefined && record.id.startsWith(reference),
    );
    return byPrefix.length === 1 ? byPrefix[0] : undefined;
  }

  /** Ranges that no other network may use. */
  claimedSubnets(): string[] {
    return this.bridges().flatMap((record) => [record.subnet, ...(record.routes ?? [])]);
  }

  newId(): string {
    for (;;) {
      const id = newHexId();
      // Docker keeps ids apart from names of digits alone, and short forms apart from each other.
      if (!this.all().some((record) => record.id.slice(0, 12) === id.slice(0, 12))) return id;
    }
  }

  save(record: NetworkRecord): void {
    this.#files.save(record.id, record);
    this.#byId.set(record.id, record);
  }

  remove(id: string): void {
    this.#files.remove(id);
    this.#byId.delete(id);
  }
}
