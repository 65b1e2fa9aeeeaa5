import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type Json, shellPod, useKube } from "../support/kube.ts";

const dir = mkdtempSync(join(tmpdir(), "gantry-manifests-"));
afterAll(() => rmSync(dir, { recursive: true }));
const kube = useKube(["busybox"], async () => [`--pod-manifest-path=${dir}`]);
const file = join(dir, "web.json");
const write = (word: string) =>
  writeFileSync(
    file,
    JSON.stringify(shellPod("web", `echo ${word}; trap 'exit 0' TERM; while true; do sleep 0.1; done`)),
  );

/** The mirror's name ends in the node's. */
async function mirrorName(): Promise<string> {
  const [node] = (await kube.api("/api/v1/nodes")).json.items as Json[];
  return `web-${node.metadata.name}`;
}
const containerOf = (pod: Json): string => pod.status.containerStatuses[0].containerID;

describe("a pod from a file on the node", () => {
  it("runs, is seen by kubectl, cannot be deleted there, and goes with its file", async () => {
    write("first");
    const name = await mirrorName();
    await eventually("the mirror", () => kube.has(`pods/${name}`));
    const before = await kube.untilReady(name);
    expect(before.metadata.ownerReferences[0]).toMatchObject({ kind: "Node", controller: true });
    await eventually("its log", async () => (await kube.logs(name)) === "first\n");
    expect((await kube.exec(name, "echo", "inside")).stdout).toBe("inside\n");
    await kube.must("delete", "pod", name, "--wait=false");
    await eventually("another mirror", async () => {
      if (!(await kube.has(`pods/${name}`))) return false;
      const now = await kube.pod(name);
      return (
        now.metadata.uid !== before.metadata.uid &&
        containerOf(await kube.untilReady(name)) === containerOf(before)
      );
    });
    write("second");
    await eventually("the other log", async () => (await kube.kubectl("logs", name)).stdout === "second\n");
    const after = await kube.untilReady(name);
    expect(containerOf(after)).not.toBe(containerOf(before));
    rmSync(file);
    await kube.untilGone(`pods/${name}`);
  });
});
