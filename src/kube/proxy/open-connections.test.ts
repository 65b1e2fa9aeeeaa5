import { describe, expect, it } from "vitest";
import { systemClock } from "../../base/index.ts";
import type { ConntrackEntry } from "../../kernel/index.ts";
import { OpenConnections } from "./open-connections.ts";

const entry = (replySource: string, tcpState: number, originalDestination = "10.96.0.1"): ConntrackEntry => ({
  originalSource: "10.1.0.9",
  originalDestination,
  originalPort: 80,
  replySource,
  replyPort: 80,
  tcpState,
});

describe("open connections", () => {
  it("are those that a Service led there and that are not over", async () => {
    const table = [entry("10.1.0.1", 3), entry("10.1.0.2", 7), entry("10.1.0.3", 3, "10.1.0.3")];
    const open = new OpenConnections(systemClock, async function* () {
      yield* table;
    });
    const asked = ["10.1.0.1", "10.1.0.2", "10.1.0.3"].map((address) => open.leadTo(address));
    expect(await Promise.all(asked)).toEqual([true, false, false]);
  });

  it("are looked at once for all who ask meanwhile, and anew for who asks while a look is under way", async () => {
    let table = [entry("10.1.0.1", 3)];
    let looks = 0;
    const gate = Promise.withResolvers<void>();
    const open = new OpenConnections(systemClock, async function* () {
      looks++;
      yield* table;
      if (looks === 1) await gate.promise;
    });
    const early = [open.leadTo("10.1.0.1"), open.leadTo("10.1.0.2")];
    while (looks === 0) await systemClock.sleep(1);
    table = [entry("10.1.0.2", 3)];
    const late = [open.leadTo("10.1.0.1"), open.leadTo("10.1.0.2")];
    gate.resolve();
    expect(await Promise.all(early)).toEqual([true, false]);
    expect(await Promise.all(late)).toEqual([false, true]);
    expect(looks).toBe(2);
  });
});
