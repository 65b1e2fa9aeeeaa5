import { Worker } from "node:worker_threads";
import type { Logger } from "../base/index.ts";
import type { ProxyCounts } from "./proxy-metrics.ts";
import type { ProxyNews, ProxyOrder, SentListener, ThreadData } from "./thread-messages.ts";
import type { Backend, Listener, ListenerReport, VirtualHost } from "./types.ts";

/** Its heap: what passes is not kept. */
const HEAP_MIB = 512;

export interface ProxyThreadOptions extends ThreadData {
  logger: Logger;
  /** How its listeners are; not called once it is asked to close. */
  listeners(reports: readonly ListenerReport[]): void;
  /** It has failed; not called once it is asked to close. */
  failed(): void;
}

/** Numbers by which threads know hosts: whatever has a number is the same for ever. */
const numbers = new WeakMap<VirtualHost, number>();
let count = 0;

/** One of the proxy's threads. */
export class ProxyThread {
  readonly #options: ProxyThreadOptions;
  readonly #worker: Worker;
  readonly #asked = new Map<number, (counts: ProxyCounts | undefined) => void>();
  /** The hosts that it has. */
  #sent = new Set<number>();
  #closing: Promise<void> | undefined;
  #closed = () => {};

  constructor(options: ProxyThreadOptions) {
    this.#options = options;
    const { accessLogPath, isFirst, ownCertificate, ticketKeys, logger } = options;
    // The bundle keeps every thread's entry point beside the program's chunks.
    const file = import.meta.url.endsWith(".ts") ? "./reverse-proxy.worker.ts" : "./reverse-proxy.worker.mjs";
    this.#worker = new Worker(new URL(file, import.meta.url), {
      workerData: { accessLogPath, isFirst, ownCertificate, ticketKeys } satisfies ThreadData,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    });
    this.#worker.unref();
    this.#worker.on("message", (news: ProxyNews) => this.#hear(news));
    this.#worker.on("error", (error) => logger.error("the thread of the proxy failed", { error }));
    this.#worker.on("exit", () => this.#ended());
  }

  /** Hosts that are the same objects as before are not sent again. */
  setListeners(all: readonly Listener[]): void {
    const added: [number, VirtualHost][] = [];
    const sent = new Set<number>();
    const listeners = all.map((listener): SentListener => {
      const hosts = listener.hosts.map((host) => {
        const number = numberOf(host);
        if (!this.#sent.has(number) && !sent.has(number)) added.push([number, host]);
        sent.add(number);
        return number;
      });
      return { ...listener, hosts };
    });
    this.#sent = sent;
    this.#send({ type: "routes", listeners, added });
  }

  setBackend(backend: Backend): void {
    this.#send({ type: "backend", backend });
  }

  removeBackend(name: string): void {
    this.#send({ type: "remove", name });
  }

  /** Undefined where it ends before it answers. */
  counts(): Promise<ProxyCounts | undefined> {
    if (this.#closing) return Promise.resolve(undefined);
    const id = count++;
    return new Promise((resolve) => {
      this.#asked.set(id, resolve);
      this.#send({ type: "counts", id });
    });
  }

  /** Its ports are closed at once; requests under way have some seconds to end. */
  close(): Promise<void> {
    this.#closing ??= new Promise<void>((resolve) => {
      this.#closed = resolve;
      this.#send({ type: "close" });
    }).then(async () => {
      await this.#worker.terminate();
    });
    return this.#closing;
  }

  #send(order: ProxyOrder): void {
    this.#worker.postMessage(order);
  }

  #hear(news: ProxyNews): void {
    switch (news.type) {
      case "listeners":
        if (!this.#closing) this.#options.listeners(news.reports);
        break;
      case "counts":
        this.#asked.get(news.id)?.(news.counts);
        this.#asked.delete(news.id);
        break;
      case "log":
        this.#options.logger[news.level](news.message, news.fields);
        break;
      case "closed":
        this.#closed();
        break;
    }
  }

  #ended(): void {
    this.#closed();
    for (const answer of this.#asked.values()) answer(undefined);
    this.#asked.clear();
    if (this.#closing) return;
    this.#closing = Promise.resolve();
    this.#options.failed();
  }
}

function numberOf(host: VirtualHost): number {
  const known = numbers.get(host);
  if (known !== undefined) return known;
  const number = count++;
  numbers.set(host, number);
  return number;
}
