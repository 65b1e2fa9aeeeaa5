import { type Clock, type ErrorOwner, giveToOwner, type Logger, runAs, type Service } from "../base/index.ts";

export interface LastGuardOptions {
  logger: Logger;
  clock: Clock;
  /** Ends the program at once: nothing of what it has in memory may be used any more. */
  end(why: string): void;
}

/** Services whose state in memory is what all others believe, and is not looked up on the disk again (docs/adr/0007). */
const VITAL = new Set(["store"]);
/** So many errors within so long: what fails is not one callback, and goes on failing. */
const STORM = 20;
const STORM_MS = 10_000;

/**
 * Hears of every error that nothing caught. One of a request is that request's; any other is logged with the service it comes from,
 * and the program goes on, except where its state may be wrong: docs/adr/0007 says where that is.
 */
export class LastGuard {
  readonly #options: LastGuardOptions;
  readonly #times: number[] = [];
  #isStarting = true;
  #count = 0;

  constructor(options: LastGuardOptions) {
    this.#options = options;
  }

  /** Errors that nothing caught since the start, those of requests too. */
  get count(): number {
    return this.#count;
  }

  /** From here on a service that goes wrong does not keep others from starting. */
  started(): void {
    this.#isStarting = false;
  }

  /** Takes over the process's last handlers; returns the way to give them back. */
  install(): () => void {
    process.on("uncaughtException", this.#onEscaped);
    process.on("unhandledRejection", this.#onEscaped);
    return () => {
      process.off("uncaughtException", this.#onEscaped);
      process.off("unhandledRejection", this.#onEscaped);
    };
  }

  /** The service as the owner of what escapes from it. */
  watch(service: Service): Service {
    const owner: ErrorOwner = {
      name: service.name,
      take: (error) => {
        this.#judge(service.name, error);
        return true;
      },
    };
    return { ...service, run: (context) => runAs(owner, () => service.run(context)) };
  }

  readonly #onEscaped = (error: unknown): void => {
    this.#count++;
    try {
      if (!giveToOwner(error)) this.#judge(undefined, error);
    } catch (second) {
      this.#options.end(`an error could not be dealt with: ${String(second)}`);
    }
  };

  #judge(service: string | undefined, error: unknown): void {
    this.#options.logger.error("an error escaped", { service, error });
    const why = this.#whyToEnd(service);
    if (why !== undefined) this.#options.end(why);
  }

  #whyToEnd(service: string | undefined): string | undefined {
    if (this.#isStarting) return `${service ?? "the program"} failed while it started`;
    if (service !== undefined && VITAL.has(service)) return `the state of ${service} may be wrong`;
    const nowMs = this.#options.clock.monotonicMs();
    this.#times.push(nowMs);
    if (this.#times.length > STORM) this.#times.shift();
    const isStorm = this.#times.length === STORM && nowMs - this.#times[0]! < STORM_MS;
    return isStorm ? `${STORM} errors escaped within ${STORM_MS / 1000} s` : undefined;
  }
}
