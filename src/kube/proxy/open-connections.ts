import type { Clock } from "../../base/index.ts";
import { type ConntrackEntry, listConntrack } from "../../kernel/index.ts";

/** From SYN_SENT (1) to CLOSE_WAIT (5), where one side may still answer (linux/netfilter/nf_conntrack_tcp.h). */
const LAST_OPEN_STATE = 5;
/** One look at connection tracking serves all who ask within this time. */
const FRESH_MS = 10;

/** Which addresses have TCP connections that a Service led to them and that are being opened, or open. */
export class OpenConnections {
  readonly #clock: Clock;
  #addresses: ReadonlySet<string> = new Set();
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  leadTo(address: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#readAtMs > FRESH_MS) {
      this.#addresses = new Set(
        listConntrack("tcp")
          .filter(isOpenThroughService)
          .map(({ replySource }) => replySource),
      );
      this.#readAtMs = nowMs;
    }
    return this.#addresses.has(address);
  }
}

function isOpenThroughService({ originalDestination, replySource, tcpState = 0 }: ConntrackEntry): boolean {
  return originalDestination !== replySource && tcpState > 0 && tcpState <= LAST_OPEN_STATE;
}
