import { errorMessage } from "../../base/index.ts";

export interface HealthCheck {
  name: string;
  /** Throws when it does not hold. */
  check: () => Promise<void> | void;
}

/** The checks behind /healthz, /livez and /readyz. */
export class Health {
  readonly #live: readonly HealthCheck[];
  readonly #ready: readonly HealthCheck[];

  constructor(checks: { live: readonly HealthCheck[]; ready: readonly HealthCheck[] }) {
    this.#live = checks.live;
    this.#ready = checks.ready;
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
    const lines: string[] = [];
    let failed = false;
    for (const { name, check } of checks) {
      try {
        await check();
        lines.push(`[+]${name} ok`);
      } catch (error) {
        failed = true;
        lines.push(`[-]${name} failed: ${errorMessage(error)}`);
      }
    }
    if (failed) return { code: 500, text: `${lines.join("\n")}\n${endpoint} check failed\n` };
    return { code: 200, text: verbose ? `${lines.join("\n")}\n${endpoint} check passed\n` : "ok" };
  }
}
