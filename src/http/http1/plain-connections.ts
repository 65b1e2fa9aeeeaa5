import type { Socket } from "node:net";
import { systemClock } from "../../base/index.ts";
import type { HttpLimits } from "../limits.ts";
import type { PlainAnswer } from "./plain-answer.ts";
import { PlainConnection } from "./plain-connection.ts";
import type { PlainRequest } from "./plain-request.ts";

const CHECK_MS = 1_000;

export interface PlainConnectionsOptions {
  limits: Required<HttpLimits>;
  keepsEmptySegments: boolean;
  serve(request: PlainRequest, answer: PlainAnswer): void;
  handOver(socket: Socket): void;
}

/** The connections of a server whose requests are read on the bare socket. */
export class PlainConnections {
  readonly #options: PlainConnectionsOptions;
  readonly #open = new Set<PlainConnection>();
  #isChecking = false;
  #isParting = false;

  constructor(options: PlainConnectionsOptions) {
    this.#options = options;
  }

  take(socket: Socket): void {
    const connection = new PlainConnection(socket, {
      ...this.#options,
      gone: (gone) => this.#open.delete(gone),
    });
    this.#open.add(connection);
    if (this.#isParting) connection.part();
    this.#check();
  }

  /** Those that wait end at once, the others with their answers. */
  part(): void {
    this.#isParting = true;
    for (const connection of this.#open) connection.part();
  }

  #check(): void {
    if (this.#isChecking || this.#open.size === 0) return;
    this.#isChecking = true;
    systemClock.after(
      CHECK_MS,
      () => {
        this.#isChecking = false;
        const nowMs = systemClock.monotonicMs();
        for (const connection of this.#open) connection.check(nowMs);
        this.#check();
      },
      { unref: true },
    );
  }
}
