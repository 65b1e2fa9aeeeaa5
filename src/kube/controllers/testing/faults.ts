import { GantryError } from "../../../base/index.ts";
import { statusExpired } from "../../api/index.ts";
import type { InformerFactory, KubeClient, WatchEvent } from "../../client/index.ts";

/**
 * What happens to the k-th write: it is not done (`refused`); it is done but its answer is lost (`lost`); it is done and
 * then the writer dies (`crash`).
 */
export type WriteFault = "refused" | "lost" | "crash";
export const WRITE_FAULTS: readonly WriteFault[] = ["refused", "lost", "crash"];

/** What happens to the k-th event of all watches: it is missed (and noticed late), it comes twice, or all come late. */
export type EventFault = "missed" | "doubled" | "late";

const WRITES = new Set([
  "create",
  "update",
  "updateStatus",
  "patch",
  "delete",
  "deleteCollection",
  "createSubresource",
]);

/** Counts the writes of several clients together and breaks the one that is told. */
export class WriteFaults {
  readonly #mode: WriteFault;
  readonly #at: number;
  #count = 0;
  #isDead = false;
  readonly #onCrash: () => void;

  constructor(mode: WriteFault, at: number, onCrash: () => void) {
    this.#mode = mode;
    this.#at = at;
    this.#onCrash = onCrash;
  }

  get wasHit(): boolean {
    return this.#count >= this.#at;
  }

  wrap(client: KubeClient): KubeClient {
    return new Proxy(client, {
      get: (target, name: keyof KubeClient) => {
        const method = target[name] as (...args: unknown[]) => Promise<unknown>;
        if (name === "watch" || typeof method !== "function") return method;
        return (...args: unknown[]) => this.#call(WRITES.has(name), () => method.apply(target, args));
      },
    });
  }

  async #call(isWrite: boolean, call: () => Promise<unknown>): Promise<unknown> {
    if (this.#isDead) throw new GantryError("Unavailable", "the writer is dead");
    if (!isWrite || ++this.#count !== this.#at) return call();
    if (this.#mode === "refused") throw new GantryError("Unavailable", "the write was not done");
    if (this.#mode === "crash") this.#isDead = true;
    try {
      await call();
    } finally {
      if (this.#mode === "crash") this.#onCrash();
    }
    throw new GantryError("Unavailable", "the answer is lost");
  }
}

/** Breaks one event of the watches that go through the client. */
export class EventFaults {
  readonly #mode: EventFault;
  readonly #at: number;
  #count = 0;

  constructor(mode: EventFault, at: number) {
    this.#mode = mode;
    this.#at = at;
  }

  get wasHit(): boolean {
    return this.#count >= this.#at;
  }

  wrap(client: KubeClient): KubeClient {
    return new Proxy(client, {
      get: (target, name: keyof KubeClient) => {
        const method = target[name] as (...args: unknown[]) => unknown;
        if (name !== "watch") return typeof method === "function" ? method.bind(target) : method;
        return (...args: unknown[]) => this.#watch(method.apply(target, args) as AsyncIterable<WatchEvent>);
      },
    });
  }

  async *#watch(events: AsyncIterable<WatchEvent>): AsyncGenerator<WatchEvent> {
    for await (const event of events) {
      if (this.#mode === "late") await new Promise((resolve) => setTimeout(resolve, 10));
      const isIt = ++this.#count === this.#at;
      if (isIt && this.#mode === "missed") {
        await new Promise((resolve) => setTimeout(resolve, 20));
        throw statusExpired("the watch lost an event");
      }
      yield event;
      if (isIt && this.#mode === "doubled") yield event;
    }
  }
}

/** Holds back the events of one resource for as long as a test says. */
export class HeldEvents {
  readonly #resource: string;
  #release: Promise<void> | undefined;

  constructor(resource: string) {
    this.#resource = resource;
  }

  /** From now on, until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#release = promise;
    return resolve;
  }

  wrap(client: KubeClient): KubeClient {
    return new Proxy(client, {
      get: (target, name: keyof KubeClient) => {
        const method = target[name] as (...args: unknown[]) => unknown;
        if (name !== "watch") return typeof method === "function" ? method.bind(target) : method;
        return (...args: [{ resource: string }, ...unknown[]]) => {
          const events = method.apply(target, args) as AsyncIterable<WatchEvent>;
          return args[0].resource === this.#resource ? this.#watch(events) : events;
        };
      },
    });
  }

  async *#watch(events: AsyncIterable<WatchEvent>): AsyncGenerator<WatchEvent> {
    for await (const event of events) {
      await this.#release;
      yield event;
    }
  }
}

/** Loses the events of one resource for as long as `isBlind` says: the client never hears of them. */
export function withoutEvents(client: KubeClient, resource: string, isBlind: () => boolean): KubeClient {
  async function* seen(events: AsyncIterable<WatchEvent>): AsyncGenerator<WatchEvent> {
    for await (const event of events) if (!isBlind()) yield event;
  }
  return new Proxy(client, {
    get: (target, name: keyof KubeClient) => {
      const method = target[name] as (...args: unknown[]) => unknown;
      if (name !== "watch") return typeof method === "function" ? method.bind(target) : method;
      return (...args: [{ resource: string }, ...unknown[]]) => {
        const events = method.apply(target, args) as AsyncIterable<WatchEvent>;
        return args[0].resource === resource ? seen(events) : events;
      };
    },
  });
}

/**
 * Shows controllers only one namespace, so that several can be at work side by side, and of what has none only that which
 * says by the label that it belongs to it.
 */
export function onlyNamespace(
  informers: InformerFactory,
  namespace: string,
  worldLabel?: string,
): InformerFactory {
  const inNamespace = { fieldSelector: `metadata.namespace=${namespace}` };
  const labelled = worldLabel === undefined ? {} : { labelSelector: `${worldLabel}=${namespace}` };
  return {
    informer: (resource, options = {}) =>
      informers.informer(resource, { ...options, ...(resource.namespaced ? inNamespace : labelled) }),
    release: (resource) => informers.release(resource),
    run: (signal) => informers.run(signal),
    synced: (signal) => informers.synced(signal),
  };
}
