import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type Json, shellPod, useKube } from "../support/kube.ts";

const kube = useKube();
const hostDir = mkdtempSync(join(tmpdir(), "gantry-disk-"));
afterAll(() => rmSync(hostDir, { recursive: true, force: true }));

function claim(name: string, spec: Json = {}): Json {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, ...spec },
  };
}

/** A pod with the claim at /data. */
function user(name: string, claimName: string, script: string, spec: Json = {}, mount: Json = {}): Json {
  const volumes = [{ name: "data", persistentVolumeClaim: { claimName } }];
  const volumeMounts = [{ name: "data", mountPath: "/data", ...mount }];
  return shellPod(name, script, { volumes, terminationGracePeriodSeconds: 1, ...spec }, { volumeMounts });
}

const volume = (name: string, spec: Json, labels: Json = {}): Json => ({
  apiVersion: "v1",
  kind: "PersistentVolume",
  metadata: { name, labels },
  spec: {
    accessModes: ["ReadWriteOnce"],
    capacity: { storage: "1Gi" },
    storageClassName: "by-hand",
    ...spec,
  },
});

const onThisNode = async (): Promise<Json> => {
  const name = (await kube.must("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")).trim();
  const onNode = { key: "kubernetes.io/hostname", operator: "In", values: [name] };
  return { required: { nodeSelectorTerms: [{ matchExpressions: [onNode] }] } };
};

const claimOf = (name: string): Promise<Json> => kube.get(`persistentvolumeclaims/${name}`);
const volumeOf = async (name: string): Promise<Json> =>
  (await kube.api(`/api/v1/persistentvolumes/${name}`)).json;
const untilPhase = (name: string, phase: string) =>
  eventually(`claim ${name} ${phase}`, async () => {
    const found = await claimOf(name);
    return found.status.phase === phase ? found : undefined;
  });
const untilVolumePhase = (name: string, phase: string) =>
  eventually(`volume ${name} ${phase}`, async () => (await volumeOf(name)).status?.phase === phase);
const told = (name: string, what: string) =>
  eventually(`${name} tells ${what}`, async () =>
    (await kube.events(name)).some((line) => line.includes(what)),
  );

const COUNT = 'cat /data/starts 2>/dev/null; echo "start of $HOSTNAME" >> /data/starts; sleep 1000';

describe("a claim of the default class", () => {
  it("waits for its first pod, and then gets a directory of the node's disk", async () => {
    const classes = await kube.must("get", "storageclass");
    expect(classes).toMatch(
      /^standard \(default\) +gantry\.dev\/directory +Delete +WaitForFirstConsumer +false /m,
    );
    await kube.apply(claim("data"));
    await told("data", "WaitForFirstConsumer: waiting for first consumer to be created before binding");
    expect(await kube.must("describe", "pvc", "data")).toContain(
      "waiting for first consumer to be created before binding",
    );
    await kube.apply(user("first", "data", COUNT));
    await kube.untilReady("first");
    const { spec, metadata } = await untilPhase("data", "Bound");
    expect(spec.volumeName).toBe(`pvc-${metadata.uid}`);
    const path = join(kube.platform.home, "persistent-volumes", spec.volumeName);
    await eventually(
      "the first start",
      async () => readFileSync(join(path, "starts"), "utf8") === "start of first\n",
    );
    expect(await kube.must("get", "pvc", "data", "--no-headers")).toMatch(
      /^data +Bound +pvc-\S+ +1Gi +RWO +standard /,
    );
    expect(await kube.must("describe", "pvc", "data")).toContain("Successfully provisioned volume pvc-");
  });

  it("keeps its data when its pod is made again, as a StatefulSet does", async () => {
    await kube.must("delete", "pod", "first", "--wait=true");
    await kube.apply(user("first", "data", COUNT));
    await kube.untilReady("first");
    await eventually(
      "what was written before",
      async () => (await kube.logs("first")) === "start of first\n",
    );
  });

  it("keeps its data over kill -9 and over down and up", async () => {
    const before = await kube.pod("first");
    await kube.platform.kill();
    await kube.platform.up();
    expect((await kube.exec("first", "sh", "-c", "echo after kill >> /data/starts")).code).toBe(0);
    expect((await kube.pod("first")).metadata.uid).toBe(before.metadata.uid);
    expect((await kube.platform.gantry("down")).code).toBe(0);
    await kube.platform.up();
    await kube.untilReady("first", 60_000);
    await kube.must("delete", "pod", "first", "--wait=true");
    await kube.apply(user("second", "data", COUNT));
    await kube.untilReady("second");
    await eventually("all that was written", async () => (await kube.logs("second")).includes("after kill"));
    expect((await claimOf("data")).status.phase).toBe("Bound");
  });

  it("stays while a pod uses it, and takes its directory with it when it goes", async () => {
    const { spec } = await claimOf("data");
    const path = join(kube.platform.home, "persistent-volumes", spec.volumeName);
    const outside = join(hostDir, "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "kept"), "");
    symlinkSync(outside, join(path, "link"));
    await kube.must("delete", "pvc", "data", "--wait=false");
    expect(await kube.must("get", "pvc", "data", "--no-headers")).toMatch(/^data +Terminating /);
    expect(existsSync(path)).toBe(true);
    await kube.must("delete", "pod", "second", "--wait=true");
    await kube.untilGone("persistentvolumeclaims/data");
    await eventually("the volume gone", async () => (await volumeOf(spec.volumeName)).code === 404);
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(outside)).toEqual(["kept"]);
  });

  it("is refused what a directory cannot be, and tells so", async () => {
    await kube.apply([claim("blocks", { volumeMode: "Block" }), user("blocked", "blocks", "sleep 1000")]);
    await told("blocks", "ProvisioningFailed: failed to provision volume with StorageClass");
    expect(await kube.must("describe", "pvc", "blocks")).toContain(
      "block volumes are not provided, only directories",
    );
    await kube.must("delete", "pod", "blocked", "--now");
    await kube.must("delete", "pvc", "blocks");
    await kube.apply([claim("small"), user("u", "small", "sleep 1000")]);
    await untilPhase("small", "Bound");
    const grown = await kube.kubectl(
      "patch",
      "pvc",
      "small",
      "-p",
      '{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}',
    );
    expect(grown.stderr).toContain("the storageclass that provisions the pvc must support resize");
    await kube.must("delete", "pod", "u", "--now");
    await kube.must("delete", "pvc", "small");
  });
});

describe("a claim that nothing fits", () => {
  it("tells why, and so does its pod", async () => {
    await kube.apply([
      claim("none", { storageClassName: "" }),
      claim("unknown", { storageClassName: "no-such" }),
      claim("by-hand", { storageClassName: "by-hand", volumeName: "absent" }),
      user("waiting", "none", "sleep 1000"),
      user("lost", "not-there", "sleep 1000"),
    ]);
    await told(
      "none",
      "FailedBinding: no persistent volumes available for this claim and no storage class is set",
    );
    expect(await kube.must("describe", "pvc", "none")).toContain("no storage class is set");
    await told("unknown", 'ProvisioningFailed: storageclass.storage.k8s.io "no-such" not found');
    await told(
      "waiting",
      "FailedScheduling: 0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
    );
    await told(
      "lost",
      'FailedScheduling: 0/1 nodes are available: persistentvolumeclaim "not-there" not found.',
    );
    expect((await claimOf("by-hand")).status.phase).toBe("Pending");
    await kube.must("delete", "pod", "waiting", "lost", "--now");
    await kube.must("delete", "pvc", "--all");
  });
});

describe("volumes made by hand", () => {
  let nodeAffinity: Json;
  beforeAll(async () => {
    nodeAffinity = await onThisNode();
    mkdirSync(join(hostDir, "local", "sub"), { recursive: true });
    await kube.apply({
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "late-by-hand" },
      provisioner: "kubernetes.io/no-provisioner",
      volumeBindingMode: "WaitForFirstConsumer",
    });
  });

  it("of a local path are bound by the scheduler, given to the group, and kept", async () => {
    const storageClassName = "late-by-hand";
    await kube.apply([
      volume("local", { storageClassName, nodeAffinity, local: { path: join(hostDir, "local") } }),
      claim("local", { storageClassName }),
      user("local", "local", "echo x > /data/by-group && echo wrote; sleep 1000", {
        securityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 4242 },
      }),
    ]);
    await kube.untilReady("local");
    expect((await untilPhase("local", "Bound")).spec.volumeName).toBe("local");
    await eventually("it writes", async () => (await kube.logs("local")).includes("wrote"));
    expect(statSync(join(hostDir, "local", "by-group")).gid).toBe(4242);
    await kube.must("delete", "pod", "local", "--now");
    await kube.must("delete", "pvc", "local");
    await untilVolumePhase("local", "Released");
    expect(readFileSync(join(hostDir, "local", "by-group"), "utf8")).toBe("x\n");
    await kube.must("patch", "pv", "local", "--type=json", "-p", '[{"op":"remove","path":"/spec/claimRef"}]');
    await untilVolumePhase("local", "Available");
  });

  it("of a host path are bound by selector, read only and below a path of theirs", async () => {
    writeFileSync(join(hostDir, "local", "sub", "file"), "content");
    await kube.apply([
      volume("chosen", { hostPath: { path: join(hostDir, "local"), type: "Directory" } }, { tier: "gold" }),
      volume("other", { hostPath: { path: "/nowhere" } }, { tier: "lead" }),
      claim("chosen", { storageClassName: "by-hand", selector: { matchLabels: { tier: "gold" } } }),
    ]);
    expect((await untilPhase("chosen", "Bound")).spec.volumeName).toBe("chosen");
    const pod = user(
      "reader",
      "chosen",
      "cat /data/file; touch /data/new 2>&1; sleep 1000",
      {},
      { subPath: "sub" },
    );
    pod.spec.volumes[0].persistentVolumeClaim.readOnly = true;
    await kube.apply(pod);
    await kube.untilReady("reader");
    await eventually("it reads", async () => (await kube.logs("reader")).includes("Read-only file system"));
    expect(await kube.logs("reader")).toContain("content");
    await kube.must("delete", "pod", "reader", "--now");
  });

  it("that are not there are told by the kubelet", async () => {
    await kube.apply([
      volume("absent", {
        nodeAffinity,
        local: { path: join(hostDir, "absent") },
        claimRef: { namespace: "default", name: "absent" },
      }),
      claim("absent", { storageClassName: "by-hand" }),
    ]);
    await untilPhase("absent", "Bound");
    await kube.apply(user("absent", "absent", "sleep 1000"));
    await told(
      "absent",
      `FailedMount: MountVolume.NewMounter initialization failed for volume "absent" : path "${join(hostDir, "absent")}" does not exist`,
    );
    mkdirSync(join(hostDir, "absent"));
    await kube.untilReady("absent");
    await kube.must("delete", "pod", "absent", "--now");
  });

  it("of a pod's own come and go with it", async () => {
    const volumes = [{ name: "scratch", ephemeral: { volumeClaimTemplate: { spec: claim("").spec } } }];
    const volumeMounts = [{ name: "scratch", mountPath: "/data" }];
    await kube.apply(
      shellPod(
        "own",
        "echo x > /data/x && echo wrote; sleep 1000",
        { volumes, terminationGracePeriodSeconds: 1 },
        { volumeMounts },
      ),
    );
    await kube.untilReady("own");
    const { spec } = await untilPhase("own-scratch", "Bound");
    await eventually("it writes", async () => (await kube.logs("own")).includes("wrote"));
    await kube.must("delete", "pod", "own", "--now");
    await kube.untilGone("persistentvolumeclaims/own-scratch");
    await eventually("its volume gone", async () => (await volumeOf(spec.volumeName)).code === 404);
    expect(readdirSync(join(kube.platform.home, "persistent-volumes"))).toEqual([]);
  });
});
