import { type Clock, errorMessage, GantryError, type Logger } from "../../base/index.ts";

export interface HealthCheck {
  name: string;
  /** Throws when it does not hold. */
  check: () => Promise<void> | void;
}

/** A check that takes longer does not hold: who asks has a time-out too, and is to hear which one it is. */
const CHECK_TIMEOUT_MS = 2000;

interface HealthOptions {
  live: readonly HealthCheck[];
  ready: readonly HealthCheck[];
  logger: Logger;
  clock: Clock;
}

/** The checks behind /healthz, /livez and /readyz. Why one fails is for the log: anybody may ask. */
export class Health {
  readonly #live: readonly HealthCheck[];
  readonly #ready: readonly HealthCheck[];
  readonly #logger: Logger;
  readonly #clock: Clock;

  constructor({ live, ready, logger, clock }: HealthOptions) {
    this.#live = live;
    this.#ready = ready;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** The answer to `/readyz`, `/readyz?verbose&exclude=…`, `/readyz/NAME`; undefined for an unknown path. */
  async answer(path: string, query: URLSearchParams): Promise<{ code: number; text: string } | undefined> {
    const [, endpoint = "", one, ...more] = path.split("/");
    if (more.length > 0 || !["healthz", "livez", "readyz"].includes(endpoint)) return undefined;
    const all = endpoint === "livez" ? this.#live : [...this.#live, ...this.#ready];
    if (one !== undefined && one !== "") {
      const check = all.find(({ name }) => name === one);
      return check && this.#run(endpoint, [check], false);
    }
    const excluded = new Set(query.getAll("exclude"));
    return this.#run(
      endpoint,
      all.filter(({ name }) => !excluded.has(name)),
      query.has("verbose"),
    );
  }

  async #run(
    endpoint: string,
    checks: readonly HealthCheck[],
    verbose: boolean,
  ): Promise<{ code: number; text: string }> {
    const failures = await Promise.all(checks.map((check) => failureOf(check, this.#clock)));
    const lines = checks.map(({ name }, index) =>
      failures[index] === undefined ? `[+]${name} ok` : `[-]${name} failed: reason withheld`,
    );
    if (failures.some((failure) => failure !== undefined)) {
      this.#log(endpoint, checks, failures);
      return { code: 500, text: `${lines.join("\n")}\n${endpoint} check failed\n` };
    }
    return { code: 200, text: verbose ? `${lines.join("\n")}\n${endpoint} check passed\n` : "ok" };
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
