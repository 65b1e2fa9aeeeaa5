import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/index.ts";
import { type EtcdProcess, startEtcdCluster } from "../../src/store/etcd/etcd-process.test-support.ts";
import { startTcpProxy, type TcpProxy } from "../../src/store/etcd/tcp-proxy.test-support.ts";
import { collect } from "./collector.ts";
import { EventLog } from "./event-log.ts";
import { type Fault, type FaultContext, type FaultName, faults } from "./faults/index.ts";
import { LoopDisk } from "./faults/loop-disk.ts";
import { History } from "./history.ts";
import { knownBad } from "./known-bad/index.ts";
import { LeasingClient } from "./leasing.ts";
import { maintain } from "./maintaining.ts";
import { SeededRandom } from "./seeded-random.ts";
import { ServerProcess, StartFailed } from "./server-process.ts";
import { Session } from "./session.ts";
import { ConnectionLost, Refused, StoreClient } from "./store-client.ts";
import { recordTransaction, TrafficClient } from "./traffic.ts";
import { validateFinalState } from "./validators/final-state.ts";
import { validateLeases } from "./validators/leases.ts";
import { validateOperations } from "./validators/operations.ts";
import { Retention } from "./validators/retention.ts";
import { validateSnapshots } from "./validators/snapshots.ts";
import { firstUntold, validateWatches } from "./validators/watches.ts";
import { type Violation, Violations } from "./violation.ts";
import { WatchingClient } from "./watching.ts";

export interface ScenarioOptions {
  fault: FaultName;
  seed: number;
  durationMs: number;
  /** It goes on until so much was written. */
  leastRevision?: number;
  /** Name of a known-bad store. */
  bad?: string;
  clients?: number;
  watchers?: number;
}

export interface ScenarioReport {
  fault: FaultName;
  seed: number;
  bad?: string;
  violations: Violation[];
  operations: number;
  unknownOperations: number;
  /** While no fault was active: below `LEAST_OPERATIONS_PER_SECOND` the run proves nothing. */
  operationsPerSecond: number;
  watches: number;
  events: number;
  leases: number;
  snapshots: number;
  defragmentations: number;
  revision: number;
  compactedTo: number;
  restarts: number;
  slowestStartMs: number;
  counts: Record<string, number>;
  durationMs: number;
  /** What the process said last, where something is wrong. */
  serverLog?: string;
}

const COLLECT_EVERY_MS = 250;
const KEEP_REVISIONS = 150;
const SETTLE_MS = 5_000;
/** How much longer a run may take to write what it must. */
const LONGER_MS = 15_000;
const LEASING_CLIENTS = 3;

/** etcd's rule: a run with less load than that before the fault is void. Here it is the load of all the time without one. */
export const LEAST_OPERATIONS_PER_SECOND: Record<Fault["needs"], number> = {
  nothing: 100,
  root: 100,
  etcd: 100,
  strace: 50,
};

/** Whether a run had less load than that. */
export function isVoid({
  fault,
  operationsPerSecond,
}: Pick<ScenarioReport, "fault" | "operationsPerSecond">): boolean {
  return operationsPerSecond < LEAST_OPERATIONS_PER_SECOND[faults[fault].needs];
}

/** Runs traffic and watches against a store while one kind of fault happens to it, and holds all that was seen to its promises. */
export async function runScenario(options: ScenarioOptions): Promise<ScenarioReport> {
  const workDir = mkdtempSync(join(tmpdir(), "gantry-robustness-"));
  const scenario = new Scenario(options, workDir);
  try {
    return await scenario.run();
  } finally {
    await scenario.dispose();
    rmSync(workDir, { recursive: true, force: true });
  }
}

class Scenario {
  readonly #options: ScenarioOptions;
  readonly #workDir: string;
  readonly #fault: Fault;
  readonly #random: SeededRandom;
  readonly #history = new History();
  readonly #log = new EventLog();
  readonly #violations = new Violations();
  readonly #traffic = new Session();
  readonly #watching = new Session();
  readonly #counts: Record<string, number> = {};
  #disk: LoopDisk | undefined;
  #etcd: EtcdProcess[] = [];
  #proxies: TcpProxy[] = [];
  readonly #retention: Retention | undefined;
  #server: ServerProcess | undefined;
  #restarts = -1;
  #slowestStartMs = 0;
  /** True after a start: what was collected before must still be there. */
  #mustCompare = false;

  constructor(options: ScenarioOptions, workDir: string) {
    this.#options = options;
    this.#workDir = workDir;
    this.#fault = faults[options.fault];
    this.#random = new SeededRandom(options.seed);
    if (this.#fault.keepHistoryMs) this.#retention = new Retention(this.#fault.keepHistoryMs);
  }

  async run(): Promise<ScenarioReport> {
    const { disk } = this.#fault;
    if (disk) {
      const commitSeconds = disk.commitSeconds(this.#random);
      this.#disk = new LoopDisk(this.#workDir, { sizeMib: disk.sizeMib, commitSeconds });
    }
    if (this.#fault.target === "etcd") {
      await this.#startEtcd();
      // The write that meets the quota is applied and then answered so (etcd's quotaApplierV3).
      this.#history.surelyNotDone.delete("Store.NoSpace");
    }
    mkdirSync(this.#snapshotDir);
    const beganMs = systemClock.monotonicMs();
    let operationsPerSecond = 0;
    try {
      await this.#start();
      const clients = this.#startClients();
      await this.#injectUntil(beganMs + this.#options.durationMs);
      operationsPerSecond = this.#traffic.calm.operationsPerSecond;
      await this.#end(clients);
    } catch (error) {
      if (!(error instanceof StartFailed)) throw error;
      this.#violations.add("it starts again", error.message);
      this.#traffic.stop();
      this.#watching.stop();
    }
    validateOperations(this.#history, this.#log, this.#violations);
    validateWatches(this.#history, this.#log, this.#violations);
    validateLeases(this.#history, this.#log, this.#violations);
    this.#retention?.validate(this.#violations);
    await validateSnapshots(this.#history, this.#log, this.#workDir, this.#violations);
    return this.#report(operationsPerSecond, systemClock.monotonicMs() - beganMs);
  }

  async dispose(): Promise<void> {
    this.#traffic.stop();
    this.#watching.stop();
    await this.#server?.kill();
    for (const proxy of this.#proxies) await proxy.close();
    for (const member of this.#etcd) await member.dispose();
    this.#disk?.dispose();
  }

  get #storeDir(): string {
    return join(this.#disk?.mountPoint ?? this.#workDir, "store");
  }

  get #snapshotDir(): string {
    return join(this.#disk?.mountPoint ?? this.#workDir, "snapshots");
  }

  async #startEtcd(): Promise<void> {
    const { etcdFlags = [], proxied } = this.#fault;
    this.#etcd = await startEtcdCluster(3, { flags: etcdFlags });
    if (proxied)
      this.#proxies = await Promise.all(this.#etcd.map((member) => startTcpProxy(member.endpoint)));
  }

  async #start(inject?: readonly string[]): Promise<void> {
    const { bad } = this.#options;
    const beganMs = systemClock.monotonicMs();
    const injected = inject ?? (bad ? knownBad[bad]!.inject : undefined);
    const ways = this.#proxies.length > 0 ? this.#proxies : this.#etcd;
    const server = await ServerProcess.start({
      workDir: this.#workDir,
      storeDir: this.#storeDir,
      etcd: ways.length > 0 ? ways.map(({ endpoint }) => endpoint).join(",") : undefined,
      inject: injected,
      bad,
      keepHistoryMs: this.#fault.keepHistoryMs,
      movableDate: this.#fault.movableDate,
    });
    this.#server = server;
    if (!injected) this.#slowestStartMs = Math.max(this.#slowestStartMs, systemClock.monotonicMs() - beganMs);
    this.#restarts++;
    this.#mustCompare = true;
    this.#traffic.use(this.#server);
    this.#watching.use(this.#server);
    this.#traffic.calm.begin();
    void server.exited.then(() => {
      if (this.#server === server) this.#traffic.calm.end();
    });
  }

  #startClients(): { traffic: Promise<unknown>; watching: Promise<unknown>; collecting: Promise<unknown> } {
    const random = () => new SeededRandom(this.#random.between(0, 2 ** 31));
    const traffic = Array.from({ length: this.#options.clients ?? 6 }, (_, n) =>
      new TrafficClient(`c${n}`, this.#traffic, this.#history, random()).run(),
    );
    const watching = Array.from({ length: this.#options.watchers ?? 5 }, (_, n) =>
      new WatchingClient(`w${n}`, this.#watching, this.#history, random()).run(),
    );
    const leasing = Array.from({ length: LEASING_CLIENTS }, (_, n) =>
      new LeasingClient(`l${n}`, this.#traffic, this.#history, random(), this.#fault.target).run(),
    );
    traffic.push(...leasing);
    const { maintains: kinds } = this.#fault;
    if (kinds) {
      const maintenance = { snapshotDir: this.#snapshotDir, durationMs: this.#options.durationMs, kinds };
      traffic.push(maintain(maintenance, this.#traffic, this.#history, random()));
    }
    return { traffic: Promise.all(traffic), watching: Promise.all(watching), collecting: this.#collectOn() };
  }

  async #injectUntil(endMs: number): Promise<void> {
    const context: FaultContext = {
      random: this.#random,
      violations: this.#violations,
      storeDir: this.#storeDir,
      calm: this.#traffic.calm,
      server: () => this.#server!,
      start: (inject) => this.#start(inject),
      pause: (ms) => systemClock.sleep(ms),
      disk: this.#disk,
      etcd: this.#etcd,
      proxies: this.#proxies,
      count: (what) => {
        this.#counts[what] = (this.#counts[what] ?? 0) + 1;
      },
      probe: (transaction) =>
        this.#ask((client) => recordTransaction(client, "probe", transaction, this.#history)),
      ask: (call) => this.#ask(call),
      collect: async () => {
        await this.#ask((client) => this.#collect(client));
        this.#history.compactionAsked = this.#log.lastRevision;
        return this.#log.lastRevision;
      },
    };
    do {
      await this.#fault.inject(context).catch((error) => {
        if (!(error instanceof ConnectionLost)) throw error;
        this.#violations.add("it keeps running", error.message);
      });
      if (this.#server!.hasExited) await this.#start();
    } while (
      systemClock.monotonicMs() < endMs ||
      (systemClock.monotonicMs() < endMs + LONGER_MS && this.#isTooShort)
    );
  }

  async #ask<T>(call: (client: StoreClient) => Promise<T>): Promise<T> {
    const client = await StoreClient.connect(this.#server!.socketPath);
    try {
      return await call(client);
    } finally {
      client.close();
    }
  }

  get #isTooShort(): boolean {
    const { leastRevision = 0 } = this.#options;
    return this.#log.lastRevision < leastRevision && this.#violations.list.length === 0;
  }

  /** Reads the history piece by piece, and compacts what is read. */
  async #collectOn(): Promise<void> {
    while (!this.#traffic.signal.aborted) {
      await this.#traffic.pause(COLLECT_EVERY_MS);
      const client = await this.#traffic.connect();
      if (!client) return;
      try {
        await this.#collect(client);
        if (!this.#retention) await this.#compact(client);
      } catch (error) {
        // While a fault lasts that is how it may be; at the end everything is read once more.
        if (!(error instanceof ConnectionLost || error instanceof Refused)) throw error;
        // No fault excuses this one.
        if (error instanceof Refused && error.code === "Store.Corrupt")
          this.#violations.add("it serves what it has", error.message);
      } finally {
        client.close();
      }
    }
  }

  async #collect(client: StoreClient): Promise<void> {
    const calmSinceMs = this.#traffic.calm.sinceMs;
    const compacted = await this.#retention?.sample(calmSinceMs, () => client.call("status", {}));
    this.#history.compactionAsked = Math.max(this.#history.compactionAsked, compacted ?? 0);
    const from = this.#mustCompare ? this.#history.compactionAsked + 1 : this.#log.lastRevision + 1;
    await collect(client, this.#log, Math.max(from, this.#log.firstRevision), this.#violations);
    this.#mustCompare = false;
  }

  async #compact(client: StoreClient): Promise<void> {
    const revision = this.#log.lastRevision - KEEP_REVISIONS;
    if (revision < this.#history.compactionAsked + KEEP_REVISIONS) return;
    this.#history.compactionAsked = revision;
    await client.call("compact", { revision });
    // What is left must be there still.
    this.#mustCompare = true;
  }

  async #end(clients: {
    traffic: Promise<unknown>;
    watching: Promise<unknown>;
    collecting: Promise<unknown>;
  }): Promise<void> {
    this.#traffic.stop();
    await Promise.all([clients.traffic, clients.collecting]);
    this.#watching.holdsWatches = true;
    await this.#validateNow();
    await this.#settle();
    this.#watching.stop();
    await clients.watching;
    const exit = await this.#server!.stop();
    this.#violations.expect(exit.code === 0, "it stops cleanly", () => JSON.stringify(exit));
    await this.#start();
    await this.#validateNow();
  }

  async #validateNow(): Promise<void> {
    this.#mustCompare = true;
    try {
      await this.#ask(async (client) => {
        await this.#collect(client);
        await validateFinalState(client, this.#log, this.#violations);
      });
    } catch (error) {
      if (error instanceof Refused) this.#violations.add("it serves what it has", error.message);
      else if (error instanceof ConnectionLost)
        this.#violations.add(
          "it keeps running",
          `${error.message}: ${JSON.stringify(await this.#server!.exited)}`,
        );
      else throw error;
    }
  }

  /** Every watch that is still there must come to the end of the history by itself. */
  async #settle(): Promise<void> {
    const endMs = systemClock.monotonicMs() + SETTLE_MS;
    const lagging = () =>
      this.#history.watches.filter(
        (one) => !one.end && firstUntold(one, this.#log, this.#log.lastRevision) !== undefined,
      );
    while (lagging().length > 0 && systemClock.monotonicMs() < endMs) await systemClock.sleep(20);
    for (const watch of lagging()) {
      const revision = firstUntold(watch, this.#log, this.#log.lastRevision);
      const { key, startRevision } = watch.options;
      this.#violations.add(
        "watch reliable",
        `the watch of "${key}" from ${startRevision} still waits for ${revision}`,
      );
    }
  }

  #report(operationsPerSecond: number, durationMs: number): ScenarioReport {
    const { fault, seed, bad } = this.#options;
    const done = this.#history.operations.filter((record) => record.outcome === "ok").length;
    return {
      fault,
      seed,
      ...(bad ? { bad } : {}),
      violations: this.#violations.list,
      operations: done,
      unknownOperations: this.#history.operations.filter((record) => record.outcome === "unknown").length,
      operationsPerSecond,
      watches: this.#history.watches.length,
      events: this.#history.watches.reduce((sum, watch) => sum + watch.batches.length, 0),
      leases: this.#history.leases.length,
      snapshots: this.#history.snapshots.filter((one) => one.revision !== undefined).length,
      defragmentations: this.#history.defragmentations,
      revision: this.#log.lastRevision,
      compactedTo: this.#history.compactionAsked,
      restarts: this.#restarts,
      slowestStartMs: Math.round(this.#slowestStartMs),
      counts: this.#counts,
      durationMs: Math.round(durationMs),
      ...(this.#violations.list.length > 0 ? { serverLog: this.#serverLog() } : {}),
    };
  }

  /** First the errors that no store may throw, then how it ended. */
  #serverLog(): string {
    const log = readFileSync(join(this.#workDir, "server.log"), "utf8");
    const plain = log.match(/^.*plain: .*(?:\n {4}at .*)*/gm) ?? [];
    return [...plain.slice(0, 3), log.slice(-4000)].join("\n");
  }
}
