import { spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeBaseImages } from "../../examples/base-images/make.mjs";
import { eventually } from "../support/eventually.ts";
import { conditionOf, type Json, Kube, shellPod } from "../support/kube.ts";
import { startPlatform, type TestPlatform } from "../support/platform.ts";

/** A home on a disk of its own. */
let home: string;
let platform: TestPlatform;
let kube: Kube;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "gantry-small-"));
  mustSucceed("mount", "-t", "tmpfs", "-o", "size=128m,mode=755", "tmpfs", home);
  platform = await startPlatform({ home });
  makeBaseImages(["busybox"], platform.env);
  kube = new Kube(platform);
});
afterAll(async () => {
  await platform?.gantry("reset");
  spawnSync("umount", ["-l", home]);
  rmdirSync(home);
});

function mustSucceed(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
  expect(status, stderr).toBe(0);
}

describe("a node whose disk runs full", () => {
  it("says so, ends the pod that fills it, takes no more, and keeps the others", async () => {
    const fill =
      "until [ $(df -m /d | tail -n 1 | awk '{ print $4 }') -lt 9 ]; do dd if=/dev/zero bs=1M count=1 2>/dev/null >>/d/big; done; sleep 1000";
    await kube.apply([
      shellPod("modest", "sleep 1000"),
      shellPod(
        "greedy",
        fill,
        { volumes: [{ name: "d", emptyDir: {} }] },
        { volumeMounts: [{ name: "d", mountPath: "/d" }] },
      ),
    ]);
    await kube.untilReady("modest");
    const evicted = await kube.untilPhase("greedy", "Failed", 60_000);
    expect(evicted.status).toMatchObject({
      reason: "Evicted",
      message: expect.stringMatching(
        /^The node was low on resource: ephemeral-storage\. Threshold quantity: \d+\w*, available: \d+\w*\. /,
      ),
    });
    expect(conditionOf(evicted, "DisruptionTarget")).toBe("True");
    const node = async (): Promise<Json> => (await kube.api("/api/v1/nodes")).json.items[0];
    await eventually("DiskPressure", async () => conditionOf(await node(), "DiskPressure") === "True");
    await eventually("the taint", async () =>
      (await node()).spec.taints?.some(({ key }: Json) => key === "node.kubernetes.io/disk-pressure"),
    );
    expect(conditionOf(await kube.pod("modest"), "Ready")).toBe("True");
    await kube.apply(shellPod("late", "sleep 1000", { nodeName: (await node()).metadata.name }));
    const late = await kube.untilPhase("late", "Failed");
    expect(late.status).toMatchObject({
      reason: "Evicted",
      message: "Pod was rejected: The node had condition: [DiskPressure]. ",
    });
    expect(await kube.shownStatus("late")).toBe("Evicted");
    // What it had taken is free again, and the API goes on.
    await kube.must("delete", "pod", "greedy", "modest", "late");
    expect((await platform.docker("run", "--rm", "busybox", "echo", "room")).stdout).toBe("room\n");
  });
});
