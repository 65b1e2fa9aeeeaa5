import type { Cancel, Clock } from "../../../base/index.ts";
import type { Probe } from "../../api/index.ts";
import type { ProbeOutcome } from "./probe-view.ts";
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

/** An answer that took so much longer than it may was not late itself: the program stood still meanwhile. */
const OWN_DELAY_MS = 1000;

/** First pause between the early probes of a container that has just started; each further one is twice as long. */
const EARLY_PAUSE_MS = 50;

/**
 * One probe of one container, period by period, with upstream's thresholds.
 *
 * Whether a container has started, and whether it is ready, is asked for more often in the first period: most are up in
 * some hundred milliseconds, and a rollout need not wait ten seconds for each. These early failures do not count, and are
 * not told of. (Upstream probes at every change of the pod's status, with the same effect.)
 */
export class ProbeWorker {
  readonly #options: ProbeWorkerOptions;
  #outcome: ProbeOutcome;
  #last: ProbeOutcome | undefined;
  #streak = 0;
  /** Monotonic; until then failures are early ones. */
  #earlyUntilMs = Number.NEGATIVE_INFINITY;
  #earlyPauseMs = EARLY_PAUSE_MS;
  #wasDelayed = false;
  #stopped = false;
  #cancel: Cancel = () => {};

  constructor(options: ProbeWorkerOptions) {
    this.#options = options;
    this.#outcome = options.initial ?? INITIAL[options.kind];
  }

  get outcome(): ProbeOutcome {
    return this.#outcome;
  }

  /** A container has a period to come up before it may be found dead. */
  start(): void {
    const { kind, probe, ageMs, clock } = this.#options;
    const wantedMs = (probe.initialDelaySeconds ?? 0) * 1000;
    const delayMs = Math.max(0, (kind === "liveness" && wantedMs === 0 ? this.#periodMs : wantedMs) - ageMs);
    if (kind !== "liveness" && this.#outcome !== "success") {
      this.#earlyUntilMs = clock.monotonicMs() + delayMs + this.#periodMs;
    }
    this.#schedule(delayMs);
  }

  get #periodMs(): number {
    return (this.#options.probe.periodSeconds ?? 10) * 1000;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #schedule(delayMs: number): void {
    this.#cancel = this.#options.clock.after(delayMs, () => void this.#tick(), { unref: true });
  }

  async #tick(): Promise<void> {
    const { clock } = this.#options;
    const beganMs = clock.monotonicMs();
    const finding = await this.#options.run();
    if (this.#stopped) return;
    if (finding.outcome !== "success" && !(await this.#options.stillRuns())) return;
    if (this.#stopped) return;
    if (this.#isOwnDelay(finding, clock.monotonicMs() - beganMs)) {
      this.#schedule(0);
      return;
    }
    const isEarlyFailure = finding.outcome !== "success" && beganMs < this.#earlyUntilMs;
    if (!isEarlyFailure) this.#take(finding);
    if (this.#isDecided()) return;
    const tookMs = clock.monotonicMs() - beganMs;
    this.#schedule(isEarlyFailure ? this.#nextEarlyPauseMs(tookMs) : Math.max(0, this.#periodMs - tookMs));
  }

  /**
   * Whether the probe failed because this program stood still and could not take the answer in time. That happens once; a second
   * time in a row the failure counts, for then it says something all the same.
   */
  #isOwnDelay({ outcome }: ProbeFinding, tookMs: number): boolean {
    const mayTakeMs = (this.#options.probe.timeoutSeconds ?? 1) * 1000 + OWN_DELAY_MS;
    this.#wasDelayed = outcome !== "success" && tookMs > mayTakeMs && !this.#wasDelayed;
    return this.#wasDelayed;
  }

  /** The last of the early ones is the first that counts, at the end of the period. */
  #nextEarlyPauseMs(tookMs: number): number {
    const pauseMs = this.#earlyPauseMs;
    this.#earlyPauseMs *= 2;
    const leftMs = this.#earlyUntilMs - this.#options.clock.monotonicMs();
    return Math.max(0, Math.min(Math.max(pauseMs, tookMs), leftMs));
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
