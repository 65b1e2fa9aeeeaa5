import { systemClock } from "../../../src/base/index.ts";
import type { KnownBad } from "./index.ts";

/** Measures time by the wall clock, which somebody may set. */
export const wallClock: KnownBad = {
  patch() {
    systemClock.monotonicMs = () => Date.now();
  },
  fault: "clock",
  durationMs: 5_000,
  breaks: ["leases do not end early", "leases end in time", "history is kept", "history ends"],
};
