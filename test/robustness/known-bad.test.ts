import { describe, expect, it } from "vitest";
import { missingForCommitKnownBad } from "./available.ts";
import { knownBad, knownBadRun } from "./known-bad/index.ts";
import { runScenario } from "./scenario.ts";

describe("the harness finds known faults", { timeout: 60_000 }, () => {
  for (const [name, { breaks }] of Object.entries(knownBad)) {
    const missing = missingForCommitKnownBad(name);
    const title = `${name}: by "${breaks.join('" or "')}"`;
    it.skipIf(missing)(missing ? `${title} (${missing})` : title, async () => {
      const { violations } = await runScenario(knownBadRun(name, 1));
      const found = [...new Set(violations.map((violation) => violation.property))];
      expect(
        found.filter((property) => breaks.includes(property)),
        `found: ${found.join(", ")}`,
      ).not.toEqual([]);
    });
  }
});
