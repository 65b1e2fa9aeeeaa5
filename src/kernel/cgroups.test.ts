import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeEach, expect, it } from "vitest";
import { shortHash } from "../base/index.ts";
import {
  cgroupExists,
  cgroupMode,
  cgroupProcesses,
  cgroupStats,
  createCgroup,
  enterCgroup,
  killCgroup,
  oomKillCount,
  removeCgroup,
} from "./index.ts";

const parent = `/gantry-test-${shortHash(String(process.pid), 6)}`;
const path = `${parent}/one`;

beforeEach(() => createCgroup(path, { memoryBytes: 64 << 20, pids: 50, cpuShares: 512, cpuQuotaUs: 50_000 }));

afterEach(async () => {
  killCgroup(parent);
  await removeCgroup(parent);
  expect(cgroupExists(parent)).toBe(false);
});

it("limits, counts and kills", async () => {
  expect(["v1", "v2", "hybrid"]).toContain(cgroupMode());
  createCgroup(path);
  const child = spawn(
    "sh",
    ["-c", "read go; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 60 & sleep 60"],
    {
      stdio: ["pipe", "ignore", "ignore"],
    },
  );
  enterCgroup(path, child.pid!);
  child.stdin.end("go\n");
  await expect.poll(() => cgroupProcesses(path).length).toBe(3);
  const stats = cgroupStats(path)!;
  expect(stats).toMatchObject({ memoryLimitBytes: 64 << 20, pidsCurrent: 3, pidsLimit: 50 });
  expect(stats.cpuUsageNs).toBeGreaterThan(1e6);
  expect(stats.memoryUsageBytes).toBeGreaterThan(0);
  expect(oomKillCount(path)).toBe(0);
  const exited = once(child, "exit");
  expect(killCgroup(parent)).toBe(3);
  expect((await exited)[1]).toBe("SIGKILL");
});

it("knows nothing of what is not there", async () => {
  expect(cgroupStats(`${parent}/none`)).toBeUndefined();
  expect(oomKillCount(`${parent}/none`)).toBeUndefined();
  expect(cgroupProcesses(`${parent}/none`)).toEqual([]);
  await removeCgroup(`${parent}/none`);
});

it("says when a cgroup cannot go", async () => {
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  enterCgroup(path, child.pid!);
  await expect(removeCgroup(path, { waitMs: 20 })).rejects.toMatchObject({ kind: "Conflict" });
  child.kill("SIGKILL");
});
