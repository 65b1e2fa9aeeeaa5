import type { Clock } from "../../base/index.ts";
import { type ConntrackEntry, readConntrack } from "../../kernel/index.ts";

/** From SYN_SENT (1) to CLOSE_WAIT (5), where one side may still answer (linux/netfilter/nf_conntrack_tcp.h). */
const LAST_OPEN_STATE = 5;
/** Who asks within this time after a look shares the next one. */
const PAUSE_MS = 10;
const CHECK_MS = 20;

type Addresses = ReadonlySet<string>;

/** Which addresses have TCP connections that a Service led to them and that are being opened, or open. */
export class OpenConnections {
  readonly #clock: Clock;
  readonly #read: () => AsyncIterable<ConntrackEntry>;
  #running: Promise<Addresses> | undefined;
  /** The look that has not begun yet. */
  #next: Promise<Addresses> | undefined;

  constructor(clock: Clock, read: () => AsyncIterable<ConntrackEntry> = () => readConntrack("tcp")) {
    this.#clock = clock;
    this.#read = read;
  }

  /** By a look that begins after this was asked: what was true before does not count. */
  async leadTo(address: string): Promise<boolean> {
    this.#next ??= this.#look();
    return (await this.#next).has(address);
  }

  /** Resolves when none leads to any of them, or after the limit. */
  async untilNoneLeadsTo(addresses: readonly string[], limitMs: number, signal: AbortSignal): Promise<void> {
    const endMs = this.#clock.monotonicMs() + limitMs;
    for (;;) {
      const answers = await Promise.all(addresses.map((address) => this.leadTo(address)));
      if (!answers.includes(true) || this.#clock.monotonicMs() >= endMs) return;
      await this.#clock.sleep(CHECK_MS, signal);
    }
  }

  async #look(): Promise<Addresses> {
    await this.#running?.catch(() => {});
    await this.#clock.sleep(this.#running ? PAUSE_MS : 0);
    this.#running = this.#next;
    this.#next = undefined;
    const addresses = new Set<string>();
    for await (const entry of this.#read()) if (isOpenThroughService(entry)) addresses.add(entry.replySource);
    return addresses;
  }
}

function isOpenThroughService({ originalDestination, replySource, tcpState = 0 }: ConntrackEntry): boolean {
  return originalDestination !== replySource && tcpState > 0 && tcpState <= LAST_OPEN_STATE;
}
