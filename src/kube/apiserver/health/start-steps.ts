import { GantryError } from "../../../base/index.ts";
import type { HealthCheck } from "./health.ts";

/** What is done once at the start, under upstream's names: a probe by such a name finds it here too. */
export const START_STEPS = [
  "poststarthook/rbac/bootstrap-roles",
  "poststarthook/scheduling/bootstrap-system-priority-classes",
  "poststarthook/crd-informer-synced",
  "poststarthook/priority-and-fairness-config-consumer",
  "autoregister-completion",
  "poststarthook/bootstrap-controller",
  "poststarthook/start-cluster-authentication-info-controller",
  "poststarthook/start-legacy-token-tracking-controller",
] as const;

export type StartStep = (typeof START_STEPS)[number];

/** How far the server's start has come. */
export class StartSteps {
  readonly #finished = new Set<StartStep>();

  finish(...steps: readonly StartStep[]): void {
    for (const step of steps) this.#finished.add(step);
  }

  /** One a step, which holds once it is finished. */
  get checks(): HealthCheck[] {
    return START_STEPS.map((name) => ({
      name,
      check: () => {
        if (!this.#finished.has(name)) throw new GantryError("Unavailable", "not finished");
      },
    }));
  }
}
