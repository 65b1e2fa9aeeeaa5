import { describe, expect, it } from "vitest";
import { DEFAULT_EVICTION, type EvictionFlags, readEvictionSettings } from "./eviction-settings.ts";

const MI = 2 ** 20;
const told = (flags: EvictionFlags) =>
  readEvictionSettings(flags).thresholds.map(({ signal, minimum, graceMs }) => [
    signal,
    minimum(1000 * MI) / MI,
    graceMs,
  ]);

describe("flags of eviction", () => {
  it("leave the defaults where there are none", () => {
    expect(readEvictionSettings({})).toEqual(DEFAULT_EVICTION);
  });

  it("say hard thresholds instead of the default ones, the most urgent first", () => {
    expect(
      told({ "eviction-hard": "imagefs.available<15%,memory.available<200Mi,nodefs.available<0%" }),
    ).toEqual([
      ["memory.available", 200, undefined],
      ["imagefs.available", 150, undefined],
    ]);
    expect(told({ "eviction-hard": "" })).toEqual([]);
  });

  it("say soft ones beside them, with their time", () => {
    const settings = {
      "eviction-hard": "memory.available<100Mi",
      "eviction-soft": "memory.available<300Mi, nodefs.available<12.5%",
      "eviction-soft-grace-period": "memory.available=1m30s,nodefs.available=0s",
      "eviction-max-pod-grace-period": "60",
      "eviction-pressure-transition-period": "30s",
    };
    expect(told(settings)).toEqual([
      ["memory.available", 100, undefined],
      ["memory.available", 300, 90_000],
      ["nodefs.available", 125, 0],
    ]);
    expect(readEvictionSettings(settings)).toMatchObject({ maxPodGraceSeconds: 60, transitionMs: 30_000 });
  });

  it.each<[EvictionFlags, string]>([
    [{ "eviction-hard": "cpu.available<1" }, "unsupported eviction signal cpu.available"],
    [{ "eviction-hard": "memory.available" }, "--eviction-hard: malformed pair, expect string<string"],
    [
      { "eviction-hard": "memory.available<-1%" },
      "eviction percentage threshold memory.available must be >= 0%: -1%",
    ],
    [{ "eviction-hard": "memory.available<101%" }, "must be <= 100%: 101%"],
    [{ "eviction-hard": "memory.available<x%" }, 'strconv.ParseFloat: parsing "x": invalid syntax'],
    [{ "eviction-hard": "memory.available<0" }, "eviction threshold memory.available must be positive: 0"],
    [{ "eviction-hard": "memory.available<lots" }, "quantities must match the regular expression"],
    [
      { "eviction-soft": "memory.available<1Gi" },
      "grace period must be specified for the soft eviction threshold memory.available",
    ],
    [{ "eviction-soft-grace-period": "memory.available=soon" }, 'time: invalid duration "soon"'],
    [
      { "eviction-soft-grace-period": "memory.available=-1s" },
      "invalid eviction grace period specified: -1s, must be a positive value",
    ],
    [{ "eviction-max-pod-grace-period": "long" }, "takes a number of seconds"],
    [{ "eviction-pressure-transition-period": "5" }, 'time: missing unit in duration "5"'],
  ])("are refused: %j", (flags, message) => {
    expect(() => readEvictionSettings(flags)).toThrow(message);
  });
});
