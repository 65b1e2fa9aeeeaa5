import { describe, expect, it } from "vitest";
import { missingForKnownBad } from "./available.ts";
import { knownBad } from "./known-bad/index.ts";
import { runScenario } from "./scenario.ts";

describe("the harness finds known faults", { timeout: 60_000 }, () => {
  for (const [name, { fault = "none", breaks }] of Object.entries(knownBad)) {
    const missing = missingForKnownBad(name);
    it.skipIf(missing)(missing ? `${name} (${missing})` : name, async () => {
      const durationMs = fault === "none" ? 600 : 1_500;
      const { violations } = await runScenario({ fault, bad: name, seed: 1, durationMs });
      const found = [...new Set(violations.map((violation) => violation.property))];
      expect(
        found.filter((property) => breaks.includes(property)),
        `found: ${found.join(", ")}`,
      ).not.toEqual([]);
    });
  }
});
