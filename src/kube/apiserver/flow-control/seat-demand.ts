/** With one look every 10 s, half of what was is forgotten after 5 minutes (upstream seatDemandSmoothingCoefficient). */
const SMOOTHING = 0.977;

/** How many seats a priority level could use: over the time since the last look, and smoothed over the looks. */
export class SeatDemand {
  #sinceMs: number;
  #current = 0;
  #changedMs: number;
  /** Integrals of the demand and of its square over that time. */
  #integral = 0;
  #squares = 0;
  #max = 0;
  highWatermark = 0;
  average = 0;
  deviation = 0;
  /** Falls slowly, and is never below what the last look saw. */
  smoothed = 0;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
    this.#changedMs = nowMs;
  }

  set(seats: number, nowMs: number): void {
    this.#integrate(nowMs);
    this.#current = seats;
    if (seats > this.#max) this.#max = seats;
  }

  /** Takes stock of the time since the last look. */
  look(nowMs: number): void {
    this.#integrate(nowMs);
    this.highWatermark = this.#max;
    const elapsedMs = nowMs - this.#sinceMs;
    if (elapsedMs > 0) {
      this.average = this.#integral / elapsedMs;
      this.deviation = Math.sqrt(Math.max(0, this.#squares / elapsedMs - this.average ** 2));
      const envelope = this.average + this.deviation;
      this.smoothed = Math.max(envelope, SMOOTHING * this.smoothed + (1 - SMOOTHING) * envelope);
    }
    this.#sinceMs = nowMs;
    this.#integral = 0;
    this.#squares = 0;
    this.#max = this.#current;
  }

  #integrate(nowMs: number): void {
    const elapsedMs = nowMs - this.#changedMs;
    this.#changedMs = nowMs;
    this.#integral += this.#current * elapsedMs;
    this.#squares += this.#current ** 2 * elapsedMs;
  }
}
