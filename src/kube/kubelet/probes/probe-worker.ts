import type { Cancel, Clock } from "../../../base/index.ts";
import type { ProbeOutcome } from "../pod-actions.ts";
import type { Probe } from "../pod-types.ts";
import type { ProbeFinding } from "./prober.ts";

export type ProbeKind = "startup" | "liveness" | "readiness";

/** What a probe counts as before its first result. */
const INITIAL: Record<ProbeKind, ProbeOutcome> = {
  startup: "unknown",
  liveness: "success",
  readiness: "failure",
};

export interface ProbeWorkerOptions {
  kind: ProbeKind;
  probe: Probe;
  /** Since the container started. */
  ageMs: number;
  /** Carried over from before a restart of the program. */
  initial?: ProbeOutcome;
  run: () => Promise<ProbeFinding>;
  /** False when the container has ended meanwhile: the finding then says nothing. */
  stillRuns: () => Promise<boolean>;
  onResult: (outcome: ProbeOutcome) => void;
  /** Every single probe that did not succeed. */
  onFinding: (finding: ProbeFinding) => void;
  clock: Clock;
}

/** One probe of one container, period by period, with upstream's thresholds. */
export class ProbeWorker {
  readonly #options: ProbeWorkerOptions;
  #outcome: ProbeOutcome;
  #last: ProbeOutcome | undefined;
  #streak = 0;
  #stopped = false;
  #cancel: Cancel = () => {};

  constructor(options: ProbeWorkerOptions) {
    this.#options = options;
    this.#outcome = options.initial ?? INITIAL[options.kind];
  }

  get outcome(): ProbeOutcome {
    return this.#outcome;
  }

  start(): void {
    const delayMs = (this.#options.probe.initialDelaySeconds ?? 0) * 1000 - this.#options.ageMs;
    this.#schedule(Math.max(0, delayMs));
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #schedule(delayMs: number): void {
    this.#cancel = this.#options.clock.after(delayMs, () => void this.#tick(), { unref: true });
  }

  async #tick(): Promise<void> {
    const { clock, probe } = this.#options;
    const beganMs = clock.monotonicMs();
    const finding = await this.#options.run();
    if (this.#stopped) return;
    if (finding.outcome !== "success" && !(await this.#options.stillRuns())) return;
    if (this.#stopped) return;
    this.#take(finding);
    if (this.#isDecided()) return;
    const periodMs = (probe.periodSeconds ?? 10) * 1000;
    this.#schedule(Math.max(0, periodMs - (clock.monotonicMs() - beganMs)));
  }

  #take(finding: ProbeFinding): void {
    const { probe, onFinding, onResult } = this.#options;
    if (finding.outcome !== "success") onFinding(finding);
    // A probe that could not be done is tried again without counting.
    if (finding.outcome === "unknown") return;
    this.#streak = finding.outcome === this.#last ? this.#streak + 1 : 1;
    this.#last = finding.outcome;
    const threshold =
      finding.outcome === "success" ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
    if (this.#streak < threshold || this.#outcome === finding.outcome) return;
    this.#outcome = finding.outcome;
    onResult(finding.outcome);
  }

  /** The container starts once, and dies once of a failed probe. */
  #isDecided(): boolean {
    const { kind } = this.#options;
    if (kind === "startup") return this.#outcome !== "unknown";
    return kind === "liveness" && this.#outcome === "failure";
  }
}
