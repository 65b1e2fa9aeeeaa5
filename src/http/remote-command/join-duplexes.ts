import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Copies both ways until both have ended; one that breaks takes the other with it. */
export async function joinDuplexes(a: Duplex, b: Duplex): Promise<void> {
  const directions = [pipeline(a, b), pipeline(b, a)];
  const outcomes = await Promise.allSettled(directions);
  if (outcomes.some(({ status }) => status === "rejected")) {
    a.destroy();
    b.destroy();
  }
}
