import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, describe, expect, it } from "vitest";
import { silentLogger } from "../base/index.ts";
import { cgroupExists, createCgroup, enterCgroup, removeCgroup } from "../kernel/index.ts";
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
