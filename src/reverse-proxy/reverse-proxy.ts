import { Worker } from "node:worker_threads";
import { type Logger, systemClock } from "../base/index.ts";
import type { ProxyNews, ProxyOrder, SentListener } from "./thread-messages.ts";
import type { Backend, ListenerReport, RouteTable, VirtualHost } from "./types.ts";

export interface ReverseProxyOptions {
  /** One JSON object a request; none is written where it is absent. */
  accessLogPath?: string;
  logger: Logger;
}

/** Its heap: what passes is not kept. */
const HEAP_MIB = 512;
const AGAIN_MS = 500;

/**
 * The proxy for traffic from outside. It works in a thread of its own, which there is while there is something to listen on; one
 * that fails is followed by another with the same table.
 */
export class ReverseProxy {
  readonly #options: ReverseProxyOptions;
  readonly #backends = new Map<string, Backend>();
  readonly #observers = new Set<(reports: readonly ListenerReport[]) => void>();
  /** A host's number, by which the thread knows it. */
  readonly #numbers = new WeakMap<VirtualHost, number>();
  readonly #waiting = new Map<number, (lines: string[]) => void>();
  #table: RouteTable = { listeners: [] };
  #reports: readonly ListenerReport[] = [];
  #worker: Worker | undefined;
  /** What the present thread has. */
  #sent = new Set<number>();
  #count = 0;
  #closed = () => {};
  #isClosing = false;

  constructor(options: ReverseProxyOptions) {
    this.#options = options;
  }

  /** Takes the place of the table before; hosts that are the same objects are not sent again. */
  setRoutes(table: RouteTable): void {
    this.#table = table;
    if (table.listeners.length > 0) this.#sendRoutes();
    else if (this.#worker) this.#retire(this.#worker);
  }

  setBackend(backend: Backend): void {
    this.#backends.set(backend.name, backend);
    this.#send({ type: "backend", backend });
  }

  removeBackend(name: string): void {
    if (this.#backends.delete(name)) this.#send({ type: "remove", name });
  }

  /** Calls with how the listeners are whenever that changes, and now. Returns the way to stop. */
  onListeners(observe: (reports: readonly ListenerReport[]) => void): () => void {
    this.#observers.add(observe);
    observe(this.#reports);
    return () => this.#observers.delete(observe);
  }

  /** In Prometheus' text form; nothing while there is no thread. */
  async metrics(): Promise<string[]> {
    if (!this.#worker) return [];
    const id = this.#count++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#send({ type: "metrics", id });
    });
  }

  /** Requests under way have some seconds to end. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (!worker) return;
    this.#isClosing = true;
    await new Promise<void>((resolve) => {
      this.#closed = resolve;
      this.#send({ type: "close" });
    });
    await worker.terminate();
    this.#answerAll();
  }

  #sendRoutes(): void {
    this.#worker ??= this.#begin();
    const added: [number, VirtualHost][] = [];
    const sent = new Set<number>();
    const listeners = this.#table.listeners.map((listener): SentListener => {
      const numbers = listener.hosts.map((host) => {
        const number = this.#numberOf(host);
        if (!this.#sent.has(number) && !sent.has(number)) added.push([number, host]);
        sent.add(number);
        return number;
      });
      return { ...listener, hosts: numbers };
    });
    this.#sent = sent;
    this.#send({ type: "routes", listeners, added });
  }

  /** Without anything to listen on there is no thread; what it still does it does to its end. */
  #retire(worker: Worker): void {
    this.#worker = undefined;
    this.#sent = new Set();
    this.#answerAll();
    worker.on("message", (news: ProxyNews) => {
      if (news.type === "closed") void worker.terminate();
    });
    worker.postMessage({ type: "close" } satisfies ProxyOrder);
    this.#tellListeners([]);
  }

  #tellListeners(reports: readonly ListenerReport[]): void {
    this.#reports = reports;
    for (const observe of this.#observers) observe(reports);
  }

  #numberOf(host: VirtualHost): number {
    const known = this.#numbers.get(host);
    if (known !== undefined) return known;
    const number = this.#count++;
    this.#numbers.set(host, number);
    return number;
  }

  #send(order: ProxyOrder): void {
    this.#worker?.postMessage(order);
  }

  #begin(): Worker {
    const { accessLogPath, logger } = this.#options;
    // The bundle keeps every thread's entry point beside the program's chunks.
    const file = import.meta.url.endsWith(".ts") ? "./reverse-proxy.worker.ts" : "./reverse-proxy.worker.mjs";
    const worker = new Worker(new URL(file, import.meta.url), {
      workerData: { accessLogPath },
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    });
    worker.unref();
    worker.on("message", (news: ProxyNews) => {
      if (this.#worker === worker) this.#hear(news);
    });
    worker.on("error", (error) => logger.error("the thread of the proxy failed", { error }));
    worker.on("exit", () => this.#ended(worker));
    for (const backend of this.#backends.values()) worker.postMessage({ type: "backend", backend });
    return worker;
  }

  #hear(news: ProxyNews): void {
    switch (news.type) {
      case "listeners":
        this.#tellListeners(news.reports);
        break;
      case "metrics":
        this.#waiting.get(news.id)?.(news.lines);
        this.#waiting.delete(news.id);
        break;
      case "log":
        this.#options.logger[news.level](news.message, news.fields);
        break;
      case "closed":
        this.#closed();
        break;
    }
  }

  /** Another one takes over what this one had. */
  #ended(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#sent = new Set();
    this.#closed();
    this.#answerAll();
    // What made it fail may make the next one fail.
    systemClock.after(AGAIN_MS, () => this.#goOn(), { unref: true });
  }

  #goOn(): void {
    if (!this.#worker && !this.#isClosing && this.#table.listeners.length > 0) this.#sendRoutes();
  }

  #answerAll(): void {
    for (const answer of this.#waiting.values()) answer([]);
    this.#waiting.clear();
  }
}
