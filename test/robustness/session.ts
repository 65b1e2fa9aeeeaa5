import { systemClock } from "../../src/base/index.ts";
import { Calm } from "./calm.ts";
import type { ServerProcess } from "./server-process.ts";
import { StoreClient } from "./store-client.ts";

/** What the clients see of the process under test: a place to connect to, which is sometimes not there. */
export class Session {
  readonly #stopping = new AbortController();
  readonly calm = new Calm();
  /** Watches go on without an end of their own, so that it can be seen whether they are told everything. */
  holdsWatches = false;
  #server: ServerProcess | undefined;

  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  get server(): ServerProcess | undefined {
    return this.#server;
  }

  use(server: ServerProcess | undefined): void {
    this.#server = server;
  }

  /** Waits until a server is there. Undefined once the session is over. */
  async connect(): Promise<StoreClient | undefined> {
    while (!this.signal.aborted) {
      if (this.#server && !this.#server.hasExited) {
        const client = await StoreClient.connect(this.#server.socketPath).catch(() => undefined);
        if (client) return client;
      }
      await this.pause(10);
    }
    return undefined;
  }

  async pause(ms: number): Promise<void> {
    await systemClock.sleep(ms, this.signal).catch(() => {});
  }

  stop(): void {
    this.#stopping.abort();
  }
}
