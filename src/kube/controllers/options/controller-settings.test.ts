import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { API_SERVER_FLAGS } from "../../apiserver/index.ts";
import { SETTINGS } from "../horizontalpodautoscaler/settings.ts";
import { DEFAULT_MONITORING } from "../node-lifecycle/node-monitoring.ts";
import { CONTROLLER_MANAGER_FLAGS } from "./flag-table.ts";
import { readControllerSettings } from "./read-controller-settings.ts";

const names = (flags: typeof CONTROLLER_MANAGER_FLAGS) =>
  flags.sections.flatMap((section) => section.flags.map(({ name }) => name));
const running = (...controllers: string[]) => [...readControllerSettings({ controllers }).running];

describe("what kube-controller-manager's flags say", () => {
  it("is upstream's defaults where they say nothing", () => {
    expect(readControllerSettings({})).toMatchObject({
      autoscaler: SETTINGS,
      nodeMonitoring: DEFAULT_MONITORING,
      concurrency: new Map(),
      terminatedPodsKept: 12_500,
      signingDurationMs: 365 * 24 * 3_600_000,
      quotaSyncMs: 300_000,
      volumeBinderSyncMs: 15_000,
    });
    expect(running("*").length).toBeGreaterThan(35);
  });

  it("is what they say", () => {
    const settings = readControllerSettings({
      "node-monitor-grace-period": ["8s"],
      "large-cluster-size-threshold": ["5"],
      "horizontal-pod-autoscaler-tolerance": ["0.2"],
      "concurrent-deployment-syncs": ["50"],
      "cluster-signing-duration": ["1h"],
    });
    expect(settings.nodeMonitoring).toMatchObject({
      graceMs: 8000,
      periodMs: 5000,
      limits: { largeClusterSizeThreshold: 5, nodeEvictionRate: 0.1 },
    });
    expect(settings.autoscaler.tolerance).toBe(0.2);
    expect(settings.concurrency).toEqual(new Map([["deployment-controller", 50]]));
    expect(settings.signingDurationMs).toBe(3_600_000);
  });

  it.each<[string[], string[], string[]]>([
    [["*,-job-controller"], ["cronjob-controller"], ["job-controller"]],
    [["*", "-podgc", "-route"], ["job-controller"], ["pod-garbage-collector-controller"]],
    [["job-controller,deployment"], ["job-controller", "deployment-controller"], ["cronjob-controller"]],
    [["job", "-job"], ["job-controller"], []],
    [["-job", "job", "*"], ["cronjob-controller"], ["job-controller"]],
    [[""], [], ["job-controller"]],
  ])("has with --controllers=%j the right ones run", (given, on, off) => {
    const found = running(...given);
    expect(found).toEqual(expect.arrayContaining(on));
    expect(found.filter((name) => off.includes(name))).toEqual([]);
  });

  it.each([
    [{ controllers: ["*,rocket"] }, '"rocket" is not in the list of known controllers'],
    [{ controllers: ["route"] }, '"route" is not in the list of known controllers'],
    [
      { "concurrent-gc-syncs": ["0"], "node-monitor-period": ["-1s"] },
      "[--concurrent-gc-syncs must be greater than 0, but got 0, --node-monitor-period must be greater than 0, but got -1s]",
    ],
    [{ "node-eviction-rate": ["-0.5"] }, "--node-eviction-rate must not be negative, but got -0.5"],
    [
      { "node-monitor-period": ["5"] },
      'invalid argument "5" for "--node-monitor-period" flag: time: missing unit in duration "5"',
    ],
    [{ nosuch: ["1"] }, "unknown flag: --nosuch"],
  ])("is refused: %j", (given, message) => {
    expect(() => readControllerSettings(given as Record<string, string[]>)).toThrow(message);
  });

  it("has no flag that the API server has, and none that the page of those that are not taken has", () => {
    const own = names(CONTROLLER_MANAGER_FLAGS);
    expect(own.filter((name) => API_SERVER_FLAGS.has(name))).toEqual([]);
    const page = new URL("../../../../docs/kube-controller-manager-flags.md", import.meta.url);
    const refused = readFileSync(page, "utf8")
      .split("\n")
      .flatMap((line) => /^\| (`--.*?) \|/.exec(line)?.[1] ?? [])
      .flatMap((cell) => [...cell.matchAll(/`--([a-z0-9-]+)`/g)].map(([, name]) => name!));
    expect(refused.length).toBeGreaterThan(60);
    expect(refused.filter((name, at) => refused.indexOf(name) < at)).toEqual([]);
    expect(refused.filter((name) => own.includes(name))).toEqual([]);
  });
});
