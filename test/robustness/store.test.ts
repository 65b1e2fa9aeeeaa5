import { describe, expect, it } from "vitest";
import { faultNames, missingFor } from "./available.ts";
import { damageStore } from "./damage.ts";
import { faults } from "./faults/index.ts";
import { runScenario } from "./scenario.ts";

/** Below it, a run proves nothing. Tracing every system call is slow. */
const LEAST_OPERATIONS_PER_SECOND = { nothing: 50, root: 5, etcd: 20, strace: 10 };

describe("the store keeps its promises", { timeout: 60_000 }, () => {
  for (const fault of faultNames) {
    const missing = missingFor(fault);
    it.skipIf(missing)(missing ? `${fault} (${missing})` : fault, async () => {
      const report = await runScenario({ fault, seed: 1, durationMs: 2_000 });
      expect(report.violations, report.serverLog).toEqual([]);
      expect(report.operationsPerSecond).toBeGreaterThan(LEAST_OPERATIONS_PER_SECOND[faults[fault].needs]);
      expect(report.watches).toBeGreaterThan(5);
    });
  }

  it("serves nothing wrong from a damaged file", async () => {
    const report = await damageStore(1, 25);
    expect(report.silent).toEqual([]);
    expect(report.died).toEqual([]);
  });
});
