import { flushCompileCache } from "node:module";
import { createServer, type Socket } from "node:net";
import { parseArgs } from "node:util";
import { createLogger, isGantryError } from "../../src/base/index.ts";
import {
  type KeyValue,
  type Operation,
  openEtcdStore,
  openLmdbStore,
  type Store,
  type TransactionRequest,
  type WatchBatch,
} from "../../src/store/index.ts";
import { idOf } from "./history.ts";
import { knownBad } from "./known-bad/index.ts";
import type {
  Request,
  Response,
  WireBatch,
  WireItem,
  WireOperation,
  WireTransaction,
  WireWatch,
} from "./protocol.ts";
import { readLines } from "./protocol.ts";

// The process under test: a store behind a Unix socket. Prints `ready <pid>` once it serves, `refused <code> <message>` when
// the store cannot be opened, `read-only` when the store says so of itself.

const { values } = parseArgs({
  options: {
    dir: { type: "string" },
    etcd: { type: "string" },
    socket: { type: "string" },
    bad: { type: "string" },
    "keep-history-ms": { type: "string", default: "0" },
  },
});

const print = (line: string) => process.stdout.write(`${line}\n`);
const logger = createLogger((line) => process.stderr.write(`${line}\n`), "warn");

async function openStore(): Promise<Store> {
  const options = { logger, keepHistoryMs: Number(values["keep-history-ms"]) };
  const bad = values.bad === undefined ? undefined : knownBad[values.bad];
  bad?.patch?.();
  const store = values.etcd
    ? await openEtcdStore({ ...options, endpoints: values.etcd.split(","), requestTimeoutMs: 3000 })
    : await openLmdbStore({ ...options, dir: values.dir! });
  return bad?.wrap ? bad.wrap(store) : store;
}

function toWireItem({ key, value, createRevision, modRevision, version }: KeyValue): WireItem {
  return { key, id: idOf(Buffer.from(value).toString("utf8")), createRevision, modRevision, version };
}

function toWireBatch({ revision, events, progress = false }: WatchBatch): WireBatch {
  const wireEvents = events.map(({ type, item, previous }) => ({
    type,
    item: toWireItem(item),
    ...(previous ? { previous: toWireItem(previous) } : {}),
  }));
  return { revision, progress, events: wireEvents };
}

function toTransaction({ compare, success, failure }: WireTransaction): TransactionRequest {
  const toOperation = (operation: WireOperation): Operation =>
    operation.type === "put" ? { ...operation, value: Buffer.from(operation.value) } : operation;
  return { compare, success: success.map(toOperation), failure: failure.map(toOperation) };
}

class Connection {
  readonly #store: Store;
  readonly #socket: Socket;
  readonly #watches = new Map<number, AbortController>();
  #drained: Promise<void> | undefined;

  constructor(store: Store, socket: Socket) {
    this.#store = store;
    this.#socket = socket;
    readLines(socket, (line) => this.#serve(JSON.parse(line)));
    socket.on("error", () => {});
    socket.on("close", () => {
      for (const controller of this.#watches.values()) controller.abort();
    });
  }

  #serve(request: Request): void {
    this.#answer(request).then(
      (gives) => this.#send({ id: request.id, gives }),
      (error) => {
        const code = isGantryError(error) ? error.code : "Plain";
        if (code === "Store.ReadOnly") print("read-only");
        if (code === "Plain") process.stderr.write(`plain: ${error?.stack}\n`);
        return this.#send({ id: request.id, error: { code, message: String(error?.stack ?? error) } });
      },
    );
  }

  async #answer(request: Request): Promise<object> {
    switch (request.call) {
      case "transact": {
        const { succeeded, revision, results } = await this.#store.transact(toTransaction(request.takes));
        const wireResults = results.map((result) => {
          if (result.type === "get") return result.item ? { item: toWireItem(result.item) } : {};
          return { previous: [result.previous ?? []].flat().map(toWireItem) };
        });
        return { succeeded, revision, results: wireResults };
      }
      case "get": {
        const { item, revision } = await this.#store.get(request.takes.key, request.takes);
        return { revision, ...(item ? { item: toWireItem(item) } : {}) };
      }
      case "range": {
        const { items, ...rest } = await this.#store.range(request.takes.prefix, request.takes);
        return { ...rest, items: items.map(toWireItem) };
      }
      case "status":
        return this.#store.status();
      case "compact":
        await this.#store.compact(request.takes.revision);
        return {};
      case "check":
        return { problems: await this.#store.check() };
      case "grantLease":
        return this.#store.grantLease(request.takes.ttlSeconds);
      case "keepLeaseAlive":
        return this.#store.keepLeaseAlive(request.takes.lease);
      case "revokeLease":
        await this.#store.revokeLease(request.takes.lease);
        return {};
      case "snapshot":
        return this.#store.snapshot!(request.takes.file);
      case "defragment":
        await this.#store.defragment!();
        return {};
      case "moveClock":
        // The module that was preloaded.
        (await import("./faults/movable-date.ts")).moveClock(request.takes);
        return {};
      case "watch":
        return this.#watch(request.id, request.takes);
      case "cancel":
        this.#watches.get(request.takes.watch)?.abort();
        return {};
    }
  }

  async #watch(id: number, options: WireWatch): Promise<object> {
    const controller = new AbortController();
    this.#watches.set(id, controller);
    try {
      for await (const batch of this.#store.watch({ ...options, signal: controller.signal })) {
        await this.#send({ id, batch: toWireBatch(batch) });
      }
      return { code: "ended" };
    } finally {
      this.#watches.delete(id);
    }
  }

  /** Waits where the other side does not read: a slow watcher is then slow in the store too. */
  async #send(response: Response): Promise<void> {
    if (this.#socket.destroyed || this.#socket.write(`${JSON.stringify(response)}\n`)) return;
    this.#drained ??= new Promise<void>((resolve) => {
      const done = () => {
        this.#drained = undefined;
        this.#socket.off("drain", done).off("close", done);
        resolve();
      };
      this.#socket.once("drain", done).once("close", done);
    });
    await this.#drained;
  }
}

try {
  const store = await openStore();
  const server = createServer((socket) => new Connection(store, socket));
  server.listen(values.socket, () => {
    print(`ready ${process.pid}`);
    // Most of these processes are killed, and would leave nothing for the start of the next one.
    flushCompileCache();
  });
  process.once("SIGTERM", async () => {
    await store.close();
    print("closed");
    process.exit(0);
  });
} catch (error) {
  const code = isGantryError(error) ? error.code : "Plain";
  print(`refused ${code} ${String(error)}`);
  process.exit(3);
}
