import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Pod } from "../../api/index.ts";
import { nodes, pods } from "../../api/index.ts";
import { openTestCluster, type TestCluster } from "../testing/test-cluster.ts";
import { readManifest } from "./read-manifest.ts";

const SLEEPER = "trap 'exit 0' TERM; while true; do sleep 0.05; done";
const isReady = (pod: Pod) =>
  pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;

function manifest(name: string, script = SLEEPER, more = ""): string {
  return `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  labels: { app: ${name} }
spec:
  terminationGracePeriodSeconds: 5
  containers:
  - name: app
    image: busybox
    imagePullPolicy: IfNotPresent
    command: [sh, -c, ${JSON.stringify(script)}]
${more}`;
}

describe("a file of a static pod", () => {
  const read = (text: string) =>
    readManifest(Buffer.from(text), { path: "/etc/m/web.yaml", nodeName: "node-1", nowMs: 0 });

  it("is a pod of this node, with a uid that tells its content", () => {
    const pod = read(manifest("web"));
    expect(pod.metadata).toMatchObject({
      name: "web-node-1",
      namespace: "default",
      labels: { app: "web" },
      annotations: {
        "kubernetes.io/config.source": "file",
        "kubernetes.io/config.hash": pod.metadata.uid,
        "kubernetes.io/config.seen": "1970-01-01T00:00:00Z",
      },
    });
    expect(pod.metadata.uid).toMatch(/^[0-9a-f]{32}$/);
    expect(pod.spec).toMatchObject({
      nodeName: "node-1",
      restartPolicy: "Always",
      tolerations: [{ operator: "Exists", effect: "NoExecute" }],
    });
    expect(pod.status).toEqual({ phase: "Pending" });
    expect(read(manifest("web")).metadata.uid).toBe(pod.metadata.uid);
    expect(read(`${manifest("web")}\n`).metadata.uid).not.toBe(pod.metadata.uid);
  });

  it.each([
    ["nothing", "", "the input is empty"],
    ["no YAML", "a: [", "error converting YAML to JSON"],
    ["another kind", manifest("web").replace("kind: Pod", "kind: Secret"), "Secret"],
    ["no name", manifest("web").replace("  name: web\n", ""), "name is needed for the pod"],
    ["what the API would refuse", manifest("web").replace("image: busybox", "image: ''"), "Required value"],
    [
      "a wrong type",
      manifest("web").replace("containers:", "containers: 7\n  x:"),
      "cannot unmarshal number",
    ],
    ["a uid that is a path", manifest("web").replace("  name: web", "  name: web\n  uid: ../../etc"), "uid"],
    [
      "a claim for devices",
      manifest("web", SLEEPER, "  resourceClaims:\n  - name: gpu\n    resourceClaimName: gpu\n"),
      "static pods may not use ResourceClaims",
    ],
  ])("is refused where it has %s", (_what, text, message) => {
    expect(() => read(text)).toThrow(message);
  });
});

describe("static pods", () => {
  let dir: string;
  let cluster: TestCluster;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "manifests-"));
    cluster = await openTestCluster("0be1e9", { podManifestPath: dir });
  }, 30_000);
  afterAll(async () => {
    await cluster?.close();
    rmSync(dir, { recursive: true });
  }, 30_000);
  const file = (name: string) => join(dir, name);
  beforeEach(() => writeFileSync(file("web.yaml"), manifest("web")));
  afterEach(async () => {
    rmSync(file("web.yaml"), { force: true });
    await cluster.untilGone("web-node-1");
  });

  const containerOf = (pod: Pod) => pod.status?.containerStatuses?.[0]?.containerID;

  it("run, and the API has a picture of each that its node owns", async () => {
    const pod = await cluster.until("web-node-1", isReady);
    const {
      metadata: { uid },
    } = await cluster.client.get(nodes, undefined, "node-1");
    expect(pod.metadata.ownerReferences).toEqual([
      { apiVersion: "v1", kind: "Node", name: "node-1", uid, controller: true },
    ]);
    const { annotations } = pod.metadata;
    expect(annotations!["kubernetes.io/config.mirror"]).toBe(annotations!["kubernetes.io/config.hash"]);
    expect(pod.metadata.uid).not.toBe(annotations!["kubernetes.io/config.hash"]);
  });

  it("can be looked into by their picture's name", async () => {
    writeFileSync(file("web.yaml"), manifest("web", `echo hello; ${SLEEPER}`));
    const pod = await cluster.until("web-node-1", isReady);
    const chunks: Uint8Array[] = [];
    const target = {
      nodeName: "node-1",
      namespace: "default",
      podName: "web-node-1",
      podUid: pod.metadata.uid,
      container: "app",
    };
    const signal = new AbortController().signal;
    for await (const chunk of await cluster.kubelet.logs(target, {}, signal)) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toContain("hello");
  });

  it("go on where their picture is deleted, and get another one", async () => {
    const before = await cluster.until("web-node-1", isReady);
    await cluster.client.delete(pods, "default", "web-node-1", { gracePeriodSeconds: 30 });
    const after = await cluster.until(
      "web-node-1",
      (pod) => pod.metadata.uid !== before.metadata.uid && isReady(pod),
    );
    expect(containerOf(after)).toBe(containerOf(before));
    expect(after.status!.containerStatuses![0]!.restartCount).toBe(0);
  });

  it("are others once their file has changed, and go with it", async () => {
    const before = await cluster.until("web-node-1", isReady);
    writeFileSync(file("web.yaml"), manifest("web", `echo other; ${SLEEPER}`));
    const after = await cluster.until(
      "web-node-1",
      (pod) => isReady(pod) && containerOf(pod) !== containerOf(before),
    );
    expect(after.spec.containers[0]!.command![2]).toContain("other");
    writeFileSync(file("web.yaml"), "no: pod");
    await cluster.untilGone("web-node-1");
    await expect.poll(() => cluster.cri.runtime.listPodSandboxes(), { timeout: 15_000 }).toEqual([]);
    expect(cluster.logLines.join("\n")).toContain("a static pod's file is not used");
  });

  it("are found again after a restart, and those whose file went meanwhile end", async () => {
    const before = await cluster.until("web-node-1", isReady);
    await cluster.restartNode();
    await cluster.client.patch(pods, "default", "web-node-1", "merge", {
      metadata: { labels: { seen: "yes" } },
    });
    const after = await cluster.until(
      "web-node-1",
      (pod) => isReady(pod) && pod.metadata.labels?.seen === "yes",
    );
    expect(containerOf(after)).toBe(containerOf(before));
    expect(after.status!.startTime).toBe(before.status!.startTime);
    await cluster.restartNode(async () => rmSync(file("web.yaml")));
    await cluster.untilGone("web-node-1");
    await expect.poll(() => cluster.cri.runtime.listPodSandboxes(), { timeout: 15_000 }).toEqual([]);
  });
});
