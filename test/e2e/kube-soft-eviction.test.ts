import { spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeBaseImages } from "../../examples/base-images/make.mjs";
import { conditionOf, Kube, shellPod } from "../support/kube.ts";
import { startPlatform, type TestPlatform } from "../support/platform.ts";
import { run } from "../support/run.ts";

/** A home on a disk of its own. */
let home: string;
let platform: TestPlatform;
let kube: Kube;
const soft = ["--eviction-soft=nodefs.available<50Mi", "--eviction-soft-grace-period=nodefs.available=5s"];
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "gantry-soft-"));
  const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=160m,mode=755", "tmpfs", home], {
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
  platform = await startPlatform({ home, extra: [...soft, "--eviction-max-pod-grace-period=20"] });
  makeBaseImages(["busybox"], platform.env);
  kube = new Kube(platform);
});
afterAll(async () => {
  await platform?.gantry("reset");
  spawnSync("umount", ["-l", home]);
  rmdirSync(home);
});

describe("a soft threshold of eviction", () => {
  it("ends a pod in its time, long before the hard one, and leaves it time to end", async () => {
    const fill =
      "trap 'echo farewell; exit 0' TERM; until [ $(df -m /d | tail -n 1 | awk '{ print $4 }') -lt 45 ]; do dd if=/dev/zero bs=1M count=1 2>/dev/null >>/d/big; done; while true; do sleep 0.1; done";
    const volume = { volumes: [{ name: "d", emptyDir: {} }] };
    await kube.apply([
      shellPod("modest", "sleep 1000"),
      shellPod("greedy", fill, volume, { volumeMounts: [{ name: "d", mountPath: "/d" }] }),
    ]);
    await kube.untilReady("modest");
    const evicted = await kube.untilPhase("greedy", "Failed", 90_000);
    expect(evicted.status).toMatchObject({
      reason: "Evicted",
      message: expect.stringContaining(
        "The node was low on resource: ephemeral-storage. Threshold quantity: 50Mi, available: ",
      ),
      containerStatuses: [{ state: { terminated: { exitCode: 0 } } }],
    });
    expect(conditionOf(evicted, "DisruptionTarget")).toBe("True");
    expect(await kube.logs("greedy")).toBe("farewell\n");
    expect(conditionOf(await kube.pod("modest"), "Ready")).toBe("True");
  });

  it("is refused without its time", async () => {
    const other = join(tmpdir(), "gantry-soft-refused");
    const { code, stderr } = await run(
      join(import.meta.dirname, "../../bin/gantry"),
      ["up", `--home=${other}`, "--eviction-soft=memory.available<1Gi"],
      {},
    );
    spawnSync("rm", ["-rf", other]);
    expect(code).not.toBe(0);
    expect(stderr).toContain(
      "grace period must be specified for the soft eviction threshold memory.available",
    );
  });
});
