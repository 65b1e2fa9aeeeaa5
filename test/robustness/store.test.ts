import { describe, expect, it } from "vitest";
import { faultNames, missingForCommit } from "./available.ts";
import { damageStore } from "./damage.ts";
import { type FaultName, faults } from "./faults/index.ts";
import { isVoid, LEAST_OPERATIONS_PER_SECOND, runScenario, type ScenarioReport } from "./scenario.ts";

const ATTEMPTS = 3;

/** A run without load proves nothing and is done again: the machine may have been busy with something else. */
async function runWithLoad(fault: FaultName): Promise<ScenarioReport> {
  for (let attempt = 1; ; attempt++) {
    const report = await runScenario({ fault, seed: 1, durationMs: attempt * 1_200 });
    if (attempt === ATTEMPTS || report.violations.length > 0 || !isVoid(report)) return report;
  }
}

describe("the store keeps its promises", { timeout: 60_000 }, () => {
  for (const fault of faultNames) {
    const missing = missingForCommit(fault);
    it.skipIf(missing)(missing ? `${fault} (${missing})` : fault, async () => {
      const report = await runWithLoad(fault);
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
