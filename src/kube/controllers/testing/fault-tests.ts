import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ControlPlane } from "./control-plane.ts";
import {
  expectSameDespiteEventFaults,
  expectSameDespiteWriteFaults,
  reference,
  type Scenario,
} from "./convergence.ts";
import { WRITE_FAULTS } from "./faults.ts";

/** What is known once the suite's set-up has run. */
interface Story {
  plane: ControlPlane;
  scenario: Scenario;
  /** The scenario's end without a fault. */
  expected: unknown;
}

interface FaultCounts {
  /** More writes than this have to be there to break, or the scenario has lost its sense. */
  writes: number;
  /** The same for events. */
  events: number;
  /** Of one test, which plays the scenario once for each fault; Vitest's where absent. */
  timeoutMs?: number;
}

/** The tests that a scenario ends as without a fault whichever write or event is broken, and however late all events are. */
export function itConverges(story: () => Story, { writes, events, timeoutMs }: FaultCounts): void {
  const options = timeoutMs === undefined ? {} : { timeout: timeoutMs };
  for (const mode of WRITE_FAULTS) {
    it(`comes to the same state when any write is ${mode}`, options, async () => {
      const { plane, scenario, expected } = story();
      expect(await expectSameDespiteWriteFaults(plane, scenario, expected, mode)).toBeGreaterThan(writes);
    });
  }
  for (const mode of ["missed", "doubled"] as const) {
    it(`comes to the same state when any event is ${mode}`, options, async () => {
      const { plane, scenario, expected } = story();
      expect(await expectSameDespiteEventFaults(plane, scenario, expected, mode)).toBeGreaterThan(events);
    });
  }
  it("comes to the same state when its informers are late", options, async () => {
    const { plane, scenario, expected } = story();
    await expectSameDespiteEventFaults(plane, scenario, expected, "late");
  });
}

/** A suite for a scenario that needs nothing but an API server, and whose end is known. */
export function describeConvergence(
  title: string,
  scenario: Scenario,
  { end, ...counts }: FaultCounts & { end: unknown },
): void {
  describe(`${title} under faults`, () => {
    let plane: ControlPlane;
    beforeAll(async () => {
      plane = await ControlPlane.start();
    });
    afterAll(() => plane.stop());

    it("comes to the right end without any", async () => {
      expect(await reference(plane, scenario)).toEqual(end);
    });

    itConverges(() => ({ plane, scenario, expected: end }), counts);
  });
}
