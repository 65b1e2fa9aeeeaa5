import type { SolveEvent } from "../../build/index.ts";

/** Shows how a build goes. */
export interface BuildProgress {
  take(events: readonly SolveEvent[]): void;
  /** The build is over: everything is shown, and nothing more will be. */
  end(): void;
}
