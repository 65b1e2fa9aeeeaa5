import type { Socket } from "node:net";
import { type Cancel, systemClock } from "../../base/index.ts";
import { Http2Connection, type Http2ConnectionOptions } from "./http2-connection.ts";

const SWEEP_MS = 1_000;

/** The connections that speak HTTP/2. */
export class Http2Connections {
  readonly #options: Http2ConnectionOptions;
  readonly #open = new Set<Http2Connection>();
  #stopSweeping: Cancel | undefined;

  constructor(options: Http2ConnectionOptions) {
    this.#options = options;
  }

  take(socket: Socket): void {
    const connection = new Http2Connection(socket, this.#options);
    this.#open.add(connection);
    socket.on("close", () => this.#forget(connection));
    this.#stopSweeping ??= systemClock.every(SWEEP_MS, () => this.#sweep(), { unref: true });
  }

  /** Each ends with the streams that it has. */
  part(): void {
    for (const connection of this.#open) connection.part();
  }

  #sweep(): void {
    const nowMs = systemClock.monotonicMs();
    for (const connection of this.#open) connection.sweep(nowMs);
  }

  #forget(connection: Http2Connection): void {
    this.#open.delete(connection);
    if (this.#open.size > 0) return;
    this.#stopSweeping?.();
    this.#stopSweeping = undefined;
  }
}
