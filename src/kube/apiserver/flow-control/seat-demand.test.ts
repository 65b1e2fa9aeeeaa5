import { describe, expect, it } from "vitest";
import { SeatDemand } from "./seat-demand.ts";

describe("what a level could use", () => {
  it("is known by its most, its average and how much it varied", () => {
    const demand = new SeatDemand(1000);
    demand.set(4, 1000);
    demand.set(0, 6000);
    demand.look(11_000);
    expect(demand).toMatchObject({ highWatermark: 4, average: 2, deviation: 2, smoothed: 4 });
  });

  it("is forgotten slowly, by half in five minutes", () => {
    const demand = new SeatDemand(0);
    demand.set(100, 0);
    demand.look(10_000);
    demand.set(0, 10_000);
    demand.look(20_000);
    // The most is what was there when the time began.
    expect(demand.highWatermark).toBe(100);
    for (let look = 2; look <= 30; look++) demand.look(10_000 + look * 10_000);
    expect(demand).toMatchObject({ highWatermark: 0, average: 0 });
    expect(demand.smoothed).toBeGreaterThan(48);
    expect(demand.smoothed).toBeLessThan(52);
  });
});
