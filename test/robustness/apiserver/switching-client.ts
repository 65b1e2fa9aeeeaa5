import { GantryError } from "../../../src/base/index.ts";
import type { KubeClient, ResourceRef, WatchEvent, WatchOptions } from "../../../src/kube/client/index.ts";

/** A client that moves from one server to another, as one behind a load balancer does: its watches break with that. */
export class SwitchingClient {
  #current: KubeClient;
  #moving = new AbortController();

  constructor(first: KubeClient) {
    this.#current = first;
  }

  /** To be used as if there were one server. */
  readonly client: KubeClient = new Proxy({} as KubeClient, {
    get: (_, name: keyof KubeClient) => {
      if (name === "watch")
        return (resource: ResourceRef, options?: WatchOptions) => this.#watch(resource, options);
      // What the servers' clients lack, this one lacks too.
      if (this.#current[name] === undefined) return undefined;
      return (...args: unknown[]) => (this.#current[name] as (...args: unknown[]) => unknown)(...args);
    },
  });

  moveTo(server: KubeClient): void {
    this.#current = server;
    this.#moving.abort();
    this.#moving = new AbortController();
  }

  async *#watch(resource: ResourceRef, options: WatchOptions = {}): AsyncGenerator<WatchEvent> {
    const moving = this.#moving.signal;
    const signal = options.signal ? AbortSignal.any([options.signal, moving]) : moving;
    yield* this.#current.watch(resource, { ...options, signal });
    if (moving.aborted) throw new GantryError("Unavailable", "the connection was cut");
  }
}
