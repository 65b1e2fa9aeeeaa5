/**
 * The servers by which a machine reaches the API, and which of them is in use. All clients of the machine share it: who finds
 * that a server does not answer spares the others the finding.
 */
export class ServerConnections {
  #servers: readonly string[];
  readonly #listeners = new Set<() => void>();
  readonly #waiting = new Set<() => void>();
  #at = 0;
  #isAway = false;
  #current: URL;

  /** `https://host:port`, one or several. */
  constructor(servers: readonly string[]) {
    this.#servers = servers;
    this.#current = new URL(servers[0]!);
  }

  get servers(): readonly string[] {
    return this.#servers;
  }

  /** Another object after each failure, even where it is the same server. */
  get current(): URL {
    return this.#current;
  }

  /** Further servers of the cluster. Those that were named stay: they may be names, or addresses of something in between. */
  learn(servers: readonly string[]): void {
    this.#servers = [...new Set([...this.#servers, ...servers])];
  }

  /**
   * What was `current` does not answer: the next server is in use, and connections that are open are given up, for a machine that
   * has lost its power never says so. Nothing happens where somebody else has found it before.
   */
  failed(server: URL): void {
    if (server !== this.#current) return;
    this.#isAway = true;
    this.#at = (this.#at + 1) % this.#servers.length;
    this.#current = new URL(this.#servers[this.#at]!);
    for (const listener of this.#listeners) listener();
  }

  /** A server has answered: who waits for that need not wait for his next try. */
  answered(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    for (const resolve of [...this.#waiting]) resolve();
  }

  /** Resolves when a server answers after none did, or the signal aborts. */
  untilAnswered(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      if (signal.aborted) return resolve();
      this.#waiting.add(done);
      signal.addEventListener("abort", done, { once: true });
    });
  }

  onFailed(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
