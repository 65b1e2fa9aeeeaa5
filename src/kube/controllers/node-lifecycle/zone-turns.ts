import type { RunningTime } from "../../../base/index.ts";
import type { ZoneHealth } from "./zone-health.ts";

/** Shares add up to a little less than a whole. */
const ROUNDING = 1e-9;

/** Lets nodes of a zone pass one after the other, at the rate that the zone's health allows. */
export class ZoneTurns {
  readonly #time: RunningTime;
  readonly #health: ZoneHealth;
  /** By zone: what of the next turn has come together, up to one whole, and when that was. */
  readonly #turns = new Map<string, { share: number; atMs: number }>();

  constructor(time: RunningTime, health: ZoneHealth) {
    this.#time = time;
    this.#health = health;
  }

  /** Takes a turn, where there is one. */
  take(zone: string): boolean {
    const atMs = this.#time.ranMs();
    const known = this.#turns.get(zone) ?? { share: 1, atMs };
    const rate = this.#health.rateOf(zone);
    const share = Math.min(1, known.share + ((atMs - known.atMs) * rate) / 1000);
    const isDue = share > 1 - ROUNDING && rate > 0;
    this.#turns.set(zone, { share: isDue ? 0 : share, atMs });
    return isDue;
  }
}
