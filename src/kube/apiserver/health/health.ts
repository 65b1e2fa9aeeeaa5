import { type Clock, errorMessage, GantryError, type Logger } from "../../../base/index.ts";
import { HealthSlis } from "./health-slis.ts";

export interface HealthCheck {
  name: string;
  /** Throws when it does not hold. */
  check: () => Promise<void> | void;
}

/** A check that takes longer does not hold: who asks has a time-out too, and is to hear which one it is. */
const CHECK_TIMEOUT_MS = 2000;

interface HealthOptions {
  /** In the order in which they are told. */
  live: readonly HealthCheck[];
  /** Beside those: what has to hold before requests are sent here. */
  ready: readonly HealthCheck[];
  logger: Logger;
  clock: Clock;
}

interface Checked {
  code: number;
  text: string;
}

/**
 * The checks behind /healthz, /livez and /readyz (apiserver's server/healthz). Why one fails is for the log, and for who may ask for
 * just that one.
 */
export class Health {
  readonly #live: readonly HealthCheck[];
  readonly #ready: readonly HealthCheck[];
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly slis = new HealthSlis();

  constructor({ live, ready, logger, clock }: HealthOptions) {
    this.#live = live;
    this.#ready = ready;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** The answer to `/readyz`, `/readyz?verbose&exclude=…`, `/readyz/NAME`; undefined for an unknown path. */
  async answer(path: string, query: URLSearchParams): Promise<Checked | undefined> {
    const [, endpoint = "", ...rest] = path.split("/");
    if (!["healthz", "livez", "readyz"].includes(endpoint)) return undefined;
    const all = endpoint === "readyz" ? [...this.#live, ...this.#ready] : this.#live;
    if (rest.length === 0) return this.#all(endpoint, all, query);
    const check = all.find(({ name }) => name === rest.join("/"));
    return check && this.#one(check);
  }

  async #one(check: HealthCheck): Promise<Checked> {
    const failure = await failureOf(check, this.#clock);
    if (failure === undefined) return { code: 200, text: "ok" };
    return { code: 500, text: `internal server error: ${failure}\n` };
  }

  async #all(endpoint: string, all: readonly HealthCheck[], query: URLSearchParams): Promise<Checked> {
    const excluded = new Set(query.getAll("exclude"));
    const failures = await Promise.all(
      all.map((check) => (excluded.has(check.name) ? undefined : failureOf(check, this.#clock))),
    );
    const lines = all.map(({ name }, index) => {
      if (excluded.delete(name)) return `[+]${name} excluded: ok`;
      this.slis.count(name, endpoint, failures[index] === undefined);
      return failures[index] === undefined ? `[+]${name} ok` : `[-]${name} failed: reason withheld`;
    });
    if (excluded.size > 0) {
      const unknown = [...excluded].sort().map((name) => JSON.stringify(name));
      lines.push(`warn: some health checks cannot be excluded: no matches for ${unknown.join(", ")}`);
    }
    if (failures.some((failure) => failure !== undefined)) {
      this.#log(endpoint, all, failures);
      return { code: 500, text: `${lines.join("\n")}\n${endpoint} check failed\n` };
    }
    return {
      code: 200,
      text: query.has("verbose") ? `${lines.join("\n")}\n${endpoint} check passed\n` : "ok",
    };
  }

  #log(endpoint: string, checks: readonly HealthCheck[], failures: readonly (string | undefined)[]): void {
    for (const [index, { name }] of checks.entries()) {
      const reason = failures[index];
      if (reason !== undefined) this.#logger.warn(`${endpoint} check failed`, { check: name, reason });
    }
  }
}

/** Why a check does not hold, or holds too late; undefined where it holds. */
export async function failureOf({ check }: HealthCheck, clock: Clock): Promise<string | undefined> {
  let cancel = () => {};
  const timeout = new Promise<never>((_, reject) => {
    const late = () => reject(new GantryError("DeadlineExceeded", `no answer within ${CHECK_TIMEOUT_MS} ms`));
    cancel = clock.after(CHECK_TIMEOUT_MS, late);
  });
  try {
    await Promise.race([check(), timeout]);
    return undefined;
  } catch (error) {
    return errorMessage(error);
  } finally {
    cancel();
  }
}
