import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, describe, expect, it } from "vitest";
import { silentLogger } from "../base/index.ts";
import { cgroupExists, cgroupStats, createCgroup, enterCgroup, removeCgroup } from "../kernel/index.ts";
import { createPodCgroups } from "./pod-cgroups.ts";
import type { PodSandboxConfig } from "./types.ts";

const ROOT = "/gantry-c21c22";

afterAll(() => removeCgroup(ROOT));

describe("pods' cgroups of an earlier run", () => {
  it("go where no sandbox has them, unless something still lives there", async () => {
    const paths = ["pod1", "burstable/pod2", "besteffort/pod3"].map((name) => `/kubepods/${name}`);
    for (const path of paths) createCgroup(ROOT + path);
    const [, kept, busy] = paths as [string, string, string];
    const process = spawn("sleep", ["100"]);
    enterCgroup(ROOT + busy, process.pid!);
    const config = { linux: { cgroupParent: kept } } as PodSandboxConfig;
    await createPodCgroups("c21c22", silentLogger).removeStrays([config]);
    expect(paths.filter((path) => cgroupExists(ROOT + path))).toEqual([kept, busy]);
    process.kill();
    await once(process, "exit");
  });
});

describe("limits of a pod", () => {
  it("change, but no lower than what its processes hold", async () => {
    const cgroups = createPodCgroups("c21c22", silentLogger);
    const config = {
      metadata: { name: "web" },
      linux: { cgroupParent: "/kubepods/pod4", resources: { memoryLimitBytes: 64 << 20 } },
    } as PodSandboxConfig;
    cgroups.create(config);
    const path = `${ROOT}/kubepods/pod4`;
    cgroups.update(config, { memoryLimitBytes: 128 << 20, cpuQuotaUs: 50_000, cpuShares: 512 });
    expect(cgroupStats(path)!.memoryLimitBytes).toBe(128 << 20);
    const holder = spawn("sh", [
      "-c",
      "read go; exec 3<&0; dd if=/dev/zero bs=20M count=1 2>/dev/null | sh -c 'x=$(tr \\\\0 a); echo held; read y <&3'",
    ]);
    enterCgroup(path, holder.pid!);
    holder.stdin.write("go\n");
    await once(holder.stdout, "data");
    expect(() => cgroups.update(config, { memoryLimitBytes: 1 << 20 })).toThrow(
      "aborting attempt to set pod memory limit less than current memory usage for pod web",
    );
    expect(cgroupStats(path)!.memoryLimitBytes).toBe(128 << 20);
    cgroups.update(config, { memoryLimitBytes: 100 << 20 });
    expect(cgroupStats(path)!.memoryLimitBytes).toBe(100 << 20);
    holder.stdin.end();
    holder.kill();
    await once(holder, "exit");
  });
});
