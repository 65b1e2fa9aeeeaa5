import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { type Clock, silentLogger, systemClock } from "../../../base/index.ts";
import type { Pod } from "../../api/index.ts";
import type { PodEvents } from "../pods/pod-events.ts";
import { aContainer, aPod } from "../testing/pods.ts";
import { EvictionManager } from "./eviction-manager.ts";
import { type EvictionSettings, readEvictionSettings } from "./eviction-settings.ts";
import { diskUsage, type PodUsage } from "./pod-usage.ts";
import { inEvictionOrder } from "./rank.ts";
import type { EvictionSignal } from "./thresholds.ts";

const MI = 2 ** 20;

function usage(memoryMi: number, diskMi = 0, inodes = 0): PodUsage {
  const [memoryBytes, diskBytes] = [memoryMi * MI, diskMi * MI];
  return {
    containers: [{ name: "app", memoryBytes, diskBytes, logBytes: 0 }],
    memoryBytes,
    disk: { bytes: diskBytes, inodes },
  };
}

function pod(name: string, requests: Record<string, string> = {}, priority = 0, more: object = {}): Pod {
  return aPod(
    { containers: [aContainer("app", { resources: { requests } })], priority, ...more },
    { name, uid: name },
  );
}

describe("a node that is short of something", () => {
  let left: Map<EvictionSignal, { available: number; capacity: number }>;
  let pods: Map<Pod, PodUsage>;
  let evicted: string[];
  let graces: number[];
  let inEmptyDir: Map<string, number>;
  let said: string[];
  let reclaimed: string[];
  let onReclaim: () => void;
  let gone: Set<string>;
  let nowMs: number;
  let manager: EvictionManager;

  beforeEach(() => {
    left = new Map([
      ["memory.available", { available: 1000 * MI, capacity: 2000 * MI }],
      ["nodefs.available", { available: 500 * MI, capacity: 1000 * MI }],
      ["nodefs.inodesFree", { available: 500, capacity: 1000 }],
    ]);
    pods = new Map();
    inEmptyDir = new Map();
    [evicted, said, reclaimed] = [[], [], []];
    onReclaim = () => {};
    gone = new Set();
    nowMs = 0;
    graces = [];
    manager = managerWith();
  });
  const managerWith = (settings?: EvictionSettings) => {
    const clock: Clock = { ...systemClock, monotonicMs: () => nowMs };
    const events = {
      warning: (_pod: Pod, reason: string, message: string) => said.push(`${reason}: ${message}`),
    };
    return new EvictionManager({
      ...(settings ? { settings } : {}),
      observe: async () => left,
      activePods: () => [...pods.keys()].filter(({ metadata }) => !evicted.includes(metadata.name)),
      usageOf: async (one) => pods.get(one)!,
      emptyDirBytes: async ({ metadata }, name) => inEmptyDir.get(`${metadata.name}/${name}`) ?? 0,
      reclaim: async (resource) => {
        reclaimed.push(resource);
        onReclaim();
      },
      evict: ({ metadata }, _failure, graceSeconds) => {
        evicted.push(metadata.name);
        graces.push(graceSeconds);
      },
      hasEnded: ({ metadata }) => gone.has(metadata.name),
      events: events as unknown as PodEvents,
      logger: silentLogger,
      clock,
    });
  };
  const leave = (signal: EvictionSignal, available: number) =>
    left.set(signal, { available, capacity: left.get(signal)!.capacity });

  describe("with limits of pods' own", () => {
    const limited = (name: string, limits: (string | undefined)[], more: object = {}) =>
      aPod(
        {
          containers: limits.map((limit, index) =>
            aContainer(`c${index}`, limit ? { resources: { limits: { "ephemeral-storage": limit } } } : {}),
          ),
          ...more,
        },
        { name, uid: name },
      );
    const used = (...diskMi: number[]): PodUsage => ({
      containers: diskMi.map((mi, index) => ({
        name: `c${index}`,
        memoryBytes: 0,
        diskBytes: mi * MI,
        logBytes: 0,
      })),
      memoryBytes: 0,
      disk: { bytes: diskMi.reduce((sum, mi) => sum + mi * MI, 0), inodes: 0 },
    });
    const withVolume = (sizeLimit?: string) => ({
      volumes: [{ name: "scratch", emptyDir: sizeLimit ? { sizeLimit } : {} }],
    });

    it.each<[string, Pod, PodUsage, string, string]>([
      [
        "a volume",
        limited("p", [undefined], withVolume("9Mi")),
        used(0),
        'Usage of EmptyDir volume "scratch" exceeds the limit "9Mi". ',
        "emptydirfs.limit",
      ],
      [
        "the pod",
        limited("p", ["10Mi", "20Mi"]),
        used(9, 22),
        "Pod ephemeral local storage usage exceeds the total limit of containers 30Mi. ",
        "ephemeralpodfs.limit",
      ],
      [
        "a container",
        limited("p", ["10Mi", "20Mi"]),
        used(11, 1),
        'Container c0 exceeded its local ephemeral storage limit "10Mi". ',
        "ephemeralcontainerfs.limit",
      ],
    ])("ends a pod that has passed that of %s", async (_what, one, usage, message, signal) => {
      pods.set(one, usage);
      inEmptyDir.set("p/scratch", 10 * MI);
      await manager.synchronize();
      expect([evicted, said]).toEqual([["p"], [`Evicted: ${message}`]]);
      expect([...manager.evictions]).toEqual([[signal, 1]]);
      expect(manager.hasPressure("DiskPressure")).toBe(false);
    });

    it.each<[string, Pod, PodUsage]>([
      ["a volume without one", limited("p", [undefined], withVolume()), used(100)],
      ["a volume as large as its own", limited("p", [undefined], withVolume("10Mi")), used(100)],
      ["as much as its containers may have", limited("p", ["10Mi", "20Mi"]), used(10, 20)],
      ["no limit", limited("p", [undefined]), used(900)],
      ["a limit, and is critical", limited("p", ["1Mi"], { priority: 2_000_000_000 }), used(900)],
    ])("leaves a pod alone that has %s", async (_what, one, usage) => {
      pods.set(one, usage);
      inEmptyDir.set("p/scratch", 10 * MI);
      await manager.synchronize();
      expect(evicted).toEqual([]);
    });
  });

  it("waits with a soft threshold, which gives a pod time, and with a hard one does not", async () => {
    manager = managerWith(
      readEvictionSettings({
        "eviction-hard": "memory.available<100Mi",
        "eviction-soft": "memory.available<300Mi",
        "eviction-soft-grace-period": "memory.available=1m",
        "eviction-max-pod-grace-period": "20",
      }),
    );
    pods.set(pod("a", {}, 0, { terminationGracePeriodSeconds: 90 }), usage(900));
    pods.set(pod("b", {}, 0, { terminationGracePeriodSeconds: 5 }), usage(800));
    pods.set(pod("c", {}, 0, { terminationGracePeriodSeconds: 90 }), usage(700));
    leave("memory.available", 200 * MI);
    await manager.synchronize();
    expect([manager.hasPressure("MemoryPressure"), evicted, reclaimed]).toEqual([true, [], []]);
    nowMs += 50_000;
    leave("memory.available", 400 * MI);
    await manager.synchronize();
    leave("memory.available", 200 * MI);
    await manager.synchronize();
    nowMs += 50_000;
    await manager.synchronize();
    expect(evicted).toEqual([]);
    nowMs += 10_000;
    await manager.synchronize();
    gone.add("a");
    await manager.synchronize();
    gone.add("b");
    leave("memory.available", 50 * MI);
    await manager.synchronize();
    expect([evicted, graces]).toEqual([
      ["a", "b", "c"],
      [20, 5, 1],
    ]);
    expect(said[0]).toContain("Threshold quantity: 300Mi, available: 200Mi. ");
  });

  it("does nothing while there is enough", async () => {
    pods.set(pod("a"), usage(900, 900));
    await manager.synchronize();
    expect([evicted, reclaimed]).toEqual([[], []]);
    expect(manager.hasPressure("DiskPressure")).toBe(false);
    expect(manager.admit(pod("new"))).toBeUndefined();
  });

  it("first frees what nobody needs, and evicts nobody when that is enough", async () => {
    pods.set(pod("a"), usage(0, 100));
    leave("nodefs.available", 50 * MI);
    onReclaim = () => leave("nodefs.available", 200 * MI);
    await manager.synchronize();
    expect([evicted, reclaimed]).toEqual([[], ["ephemeral-storage"]]);
    expect(manager.hasPressure("DiskPressure")).toBe(true);
  });

  it("evicts one pod after another, with upstream's words, and says so for five minutes", async () => {
    pods.set(pod("small", {}, 0), usage(0, 10));
    pods.set(pod("large", {}, 0), usage(0, 300));
    leave("nodefs.available", 50 * MI);
    await manager.synchronize();
    expect(evicted).toEqual(["large"]);
    expect(said).toEqual([
      "Evicted: The node was low on resource: ephemeral-storage. Threshold quantity: 100Mi, available: 50Mi. Container app was using 300Mi, request is 0, has larger consumption of ephemeral-storage. ",
    ]);
    nowMs += 10_000;
    await manager.synchronize();
    expect(evicted).toEqual(["large"]);
    gone.add("large");
    nowMs += 10_000;
    await manager.synchronize();
    expect(evicted).toEqual(["large", "small"]);
    leave("nodefs.available", 500 * MI);
    nowMs += 4 * 60_000;
    await manager.synchronize();
    expect(manager.hasPressure("DiskPressure")).toBe(true);
    nowMs += 61_000;
    expect(manager.hasPressure("DiskPressure")).toBe(false);
  });

  it("waits half a minute for a pod that does not end", async () => {
    pods.set(pod("a"), usage(0, 2));
    pods.set(pod("b"), usage(0, 1));
    leave("nodefs.inodesFree", 10);
    await manager.synchronize();
    nowMs += 31_000;
    await manager.synchronize();
    expect(evicted).toEqual(["a", "b"]);
    expect(said[0]).toBe(
      "Evicted: The node was low on resource: inodes. Threshold quantity: 50, available: 10. ",
    );
  });

  it("takes memory for more urgent than disk, and leaves critical pods alone", async () => {
    pods.set(pod("critical", {}, 2_000_000_000), usage(500, 500));
    pods.set(pod("memory"), usage(100, 0));
    pods.set(pod("disk"), usage(0, 400));
    leave("memory.available", 50 * MI);
    leave("nodefs.available", 50 * MI);
    await manager.synchronize();
    expect(evicted).toEqual(["memory"]);
    expect(said[0]).toContain(
      "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. ",
    );
  });

  it("takes no more pods but those that it must or can afford", async () => {
    leave("memory.available", 50 * MI);
    await manager.look();
    expect(manager.admit(pod("best-effort"))).toEqual({
      reason: "Evicted",
      message: "The node had condition: [MemoryPressure]. ",
    });
    expect(manager.admit(pod("burstable", { memory: "1Mi" }))).toBeUndefined();
    const tolerations = [{ key: "node.kubernetes.io/memory-pressure", operator: "Exists" }];
    expect(manager.admit(pod("tolerant", {}, 0, { tolerations }))).toBeUndefined();
    leave("nodefs.available", 50 * MI);
    await manager.look();
    expect(manager.admit(pod("burstable", { memory: "1Mi" }))?.message).toContain("DiskPressure");
    expect(manager.admit(pod("critical", {}, 2_000_000_000))).toBeUndefined();
  });

  it("has pods go that take more than they asked for, then the less important, then the larger", () => {
    const order = (...ranked: [Pod, PodUsage][]) =>
      inEvictionOrder(
        ranked.map(([one, used]) => ({ pod: one, usage: used })),
        "memory",
      ).map(({ pod: { metadata } }) => metadata.name);
    expect(
      order(
        [pod("within", { memory: "500Mi" }, 0), usage(400)],
        [pod("important", {}, 100), usage(300)],
        [pod("over", { memory: "100Mi" }, 0), usage(150)],
        [pod("far-over", { memory: "10Mi" }, 0), usage(100)],
      ),
    ).toEqual(["far-over", "over", "important", "within"]);
  });
});

describe("what a directory takes of the disk", () => {
  it("counts files and links, and follows none", async () => {
    const dir = mkdtempSync(join(tmpdir(), "usage-"));
    mkdirSync(join(dir, "in/deep"), { recursive: true });
    writeFileSync(join(dir, "in/deep/file"), Buffer.alloc(MI, 1));
    symlinkSync("/usr", join(dir, "in/link"));
    const { bytes, inodes } = await diskUsage(join(dir, "in"));
    expect(inodes).toBe(3);
    expect(bytes).toBeGreaterThanOrEqual(MI);
    expect(bytes).toBeLessThan(2 * MI);
    expect(await diskUsage(join(dir, "none"))).toEqual({ bytes: 0, inodes: 0 });
    rmSync(dir, { recursive: true });
  });
});
