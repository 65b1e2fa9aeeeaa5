import { GantryError, type Service } from "../base/index.ts";

/** Which parts are ready at the moment, for those who are asked how they are. */
export class RunningParts {
  readonly #ready = new Set<string>();

  /** The same service, whose readiness is noted under its own name. */
  noting({ name, needs, run }: Service): Service {
    return {
      name,
      needs,
      run: async ({ signal, ready }) => {
        const isReady = () => {
          this.#ready.add(name);
          ready();
        };
        try {
          await run({ signal, ready: isReady });
        } finally {
          this.#ready.delete(name);
        }
      },
    };
  }

  /** Throws Unavailable while the service is not ready. */
  check(service: string): void {
    if (!this.#ready.has(service)) throw new GantryError("Unavailable", `${service} is not running`);
  }
}
