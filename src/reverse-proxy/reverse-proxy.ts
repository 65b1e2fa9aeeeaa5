import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { type Logger, systemClock } from "../base/index.ts";
import { Certificates } from "./certificates.ts";
import { metricLines } from "./proxy-metrics.ts";
import { ProxyThread } from "./proxy-thread.ts";
import type { Backend, Listener, ListenerReport, RouteTable } from "./types.ts";

export interface ReverseProxyOptions {
  /** One JSON object a request; none is written where it is absent. */
  accessLogPath?: string;
  /** How many share the connections: two, where there are as many cores. */
  threads?: number;
  logger: Logger;
}

const THREADS = 2;
const AGAIN_MS = 500;
const TICKET_KEY_BYTES = 48;

/**
 * The proxy for traffic from outside. It works in threads of its own, which there are while there is something to listen on. The
 * first one opens the ports, and the others those that it has opened: the kernel shares the connections among them. One that fails is
 * followed by another with the same table.
 */
export class ReverseProxy {
  readonly #options: ReverseProxyOptions;
  readonly #backends = new Map<string, Backend>();
  readonly #observers = new Set<(reports: readonly ListenerReport[]) => void>();
  readonly #ticketKeys = randomBytes(TICKET_KEY_BYTES);
  readonly #certificates: Certificates;
  #table: RouteTable = { listeners: [] };
  #reports: readonly ListenerReport[] = [];
  #first: ProxyThread | undefined;
  readonly #others = new Set<ProxyThread>();
  #isClosed = false;

  constructor(options: ReverseProxyOptions) {
    this.#options = options;
    this.#certificates = new Certificates(options.logger);
  }

  /** Takes the place of the table before; hosts that are the same objects are not sent again. */
  setRoutes(table: RouteTable): void {
    this.#table = table;
    if (table.listeners.length === 0) {
      this.#retire();
      return;
    }
    this.#first ??= this.#begin(true);
    this.#first.setListeners(table.listeners);
    for (const other of this.#others) other.setListeners(this.#opened());
  }

  setBackend(backend: Backend): void {
    this.#backends.set(backend.name, backend);
    for (const thread of this.#threads()) thread.setBackend(backend);
  }

  removeBackend(name: string): void {
    if (!this.#backends.delete(name)) return;
    for (const thread of this.#threads()) thread.removeBackend(name);
  }

  /** Calls with how the listeners are whenever that changes, and now. Returns the way to stop. */
  onListeners(observe: (reports: readonly ListenerReport[]) => void): () => void {
    this.#observers.add(observe);
    observe(this.#reports);
    return () => this.#observers.delete(observe);
  }

  /** In Prometheus' text form; nothing while there is no thread. */
  async metrics(): Promise<string[]> {
    const counts = await Promise.all(this.#threads().map((thread) => thread.counts()));
    const known = counts.filter((one) => one !== undefined);
    return known.length === 0 ? [] : metricLines(known);
  }

  /** Requests under way have some seconds to end. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#threads().map((thread) => thread.close()));
  }

  #threads(): ProxyThread[] {
    return [...(this.#first ? [this.#first] : []), ...this.#others];
  }

  /** Those whose port the first thread has. */
  #opened(): Listener[] {
    const open = this.#reports.filter(({ error }) => error === undefined).map(placeOf);
    return this.#table.listeners.filter((listener) => open.includes(placeOf(listener)));
  }

  /** Without anything to listen on there is no thread; what they still do they do to its end. */
  #retire(): void {
    const threads = this.#threads();
    if (threads.length === 0) return;
    this.#first = undefined;
    this.#others.clear();
    for (const thread of threads) void thread.close();
    this.#tellListeners([]);
  }

  #begin(isFirst: boolean): ProxyThread {
    const { accessLogPath, logger } = this.#options;
    const thread = new ProxyThread({
      ...{ accessLogPath, logger, isFirst, ticketKeys: this.#ticketKeys },
      ownCertificate: this.#certificates.own(),
      listeners: (reports) => this.#heardOf(thread, reports),
      failed: () => this.#failed(thread),
    });
    for (const backend of this.#backends.values()) thread.setBackend(backend);
    return thread;
  }

  #heardOf(thread: ProxyThread, reports: readonly ListenerReport[]): void {
    if (thread === this.#first) {
      this.#tellListeners(reports);
      this.#beginOthers();
      for (const other of this.#others) other.setListeners(this.#opened());
      return;
    }
    // The first thread serves there alone.
    for (const { port, error } of reports)
      if (error !== undefined) this.#options.logger.warn("a thread cannot share a port", { port, error });
  }

  #beginOthers(): void {
    const { threads = Math.min(THREADS, availableParallelism()) } = this.#options;
    while (this.#others.size < threads - 1) this.#others.add(this.#begin(false));
  }

  #tellListeners(reports: readonly ListenerReport[]): void {
    this.#reports = reports;
    for (const observe of this.#observers) observe(reports);
  }

  /** Others take over what it had. */
  #failed(thread: ProxyThread): void {
    if (this.#others.delete(thread)) {
      systemClock.after(AGAIN_MS, () => this.#goOn(), { unref: true });
      return;
    }
    if (this.#first !== thread) return;
    // Nobody else may hold its ports when the next one opens them.
    const others = [...this.#others].map((other) => other.close());
    this.#first = undefined;
    this.#others.clear();
    // What made it fail may make the next one fail.
    const waited = systemClock.sleep(AGAIN_MS);
    void Promise.all([waited, ...others]).then(() => this.#goOn());
  }

  #goOn(): void {
    if (this.#isClosed || this.#table.listeners.length === 0) return;
    if (this.#first) {
      this.#beginOthers();
      for (const other of this.#others) other.setListeners(this.#opened());
    } else this.setRoutes(this.#table);
  }
}

function placeOf({ address = "", port }: { address?: string; port: number }): string {
  return `${address}:${port}`;
}
