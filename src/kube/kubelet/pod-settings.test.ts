import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../../base/index.ts";
import type { Node } from "../api/index.ts";
import { linuxSecurityContext, verifyNonRoot } from "./containers/security-context.ts";
import { pullCredentials } from "./images/pull-credentials.ts";
import { admitPod } from "./pods/admission.ts";
import { BackOff } from "./pods/back-off.ts";
import { podDnsConfig } from "./sandbox/dns-config.ts";
import { hostsFile } from "./sandbox/hosts-file.ts";
import { podHostname } from "./sandbox/pod-hostname.ts";
import { aContainer, aPod } from "./testing/pods.ts";

describe("DNS", () => {
  let dir: string;
  let resolvConfPath: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "dns-"));
    resolvConfPath = join(dir, "resolv.conf");
    writeFileSync(resolvConfPath, "# host\nnameserver 192.0.2.53\nsearch corp.example.\noptions timeout:2\n");
  });
  afterAll(() => rmSync(dir, { recursive: true }));
  const config = (spec: Parameters<typeof aPod>[0]) =>
    podDnsConfig(aPod(spec), { clusterDns: "10.96.0.10", clusterDomain: "cluster.local", resolvConfPath });

  it("asks the cluster first, and then knows the host's search list, too", async () => {
    expect(await config({ dnsPolicy: "ClusterFirst" })).toEqual({
      servers: ["10.96.0.10"],
      searches: ["default.svc.cluster.local", "svc.cluster.local", "cluster.local", "corp.example"],
      options: ["ndots:5"],
    });
  });

  it("follows the policy", async () => {
    const host = { servers: ["192.0.2.53"], searches: ["corp.example"], options: ["timeout:2"] };
    expect(await config({ dnsPolicy: "Default" })).toEqual(host);
    expect(await config({ dnsPolicy: "ClusterFirst", hostNetwork: true })).toEqual(host);
    expect((await config({ dnsPolicy: "ClusterFirstWithHostNet", hostNetwork: true })).servers).toEqual([
      "10.96.0.10",
    ]);
    expect(await config({ dnsPolicy: "None", dnsConfig: { nameservers: ["1.1.1.1"] } })).toEqual({
      servers: ["1.1.1.1"],
      searches: [],
      options: [],
    });
  });

  it("adds the pod's own settings", async () => {
    const dnsConfig = {
      nameservers: ["1.1.1.1"],
      searches: ["my.example"],
      options: [{ name: "ndots", value: "2" }, { name: "edns0" }],
    };
    expect(await config({ dnsConfig })).toMatchObject({
      servers: ["10.96.0.10", "1.1.1.1"],
      options: ["ndots:2", "edns0"],
    });
  });
});

describe("names", () => {
  it("a pod has its own name, or the one that it wants", () => {
    expect(podHostname(aPod(), "cluster.local")).toEqual({ hostname: "web", shortName: "web", domain: "" });
    const pod = aPod({ hostname: "db-0", subdomain: "db", setHostnameAsFQDN: true });
    expect(podHostname(pod, "cluster.local")).toEqual({
      hostname: "db-0.db.default.svc.cluster.local",
      shortName: "db-0",
      domain: "db.default.svc.cluster.local",
    });
    expect(podHostname(aPod({}, { name: `${"a".repeat(62)}-b` }), "c").hostname).toBe("a".repeat(62));
  });

  it("the hosts file knows the pod and its aliases", () => {
    const pod = aPod({ hostAliases: [{ ip: "192.0.2.9", hostnames: ["a.example", "b.example"] }] });
    const text = hostsFile(pod, "10.244.0.5", "web", "");
    expect(text).toContain("127.0.0.1\tlocalhost\n");
    expect(text).toContain("10.244.0.5\tweb\n");
    expect(text).toContain("\n# Entries added by HostAliases.\n192.0.2.9\ta.example\tb.example\n");
    expect(hostsFile(aPod(), "10.244.0.5", "db-0", "db.default.svc.cluster.local")).toContain(
      "10.244.0.5\tdb-0.db.default.svc.cluster.local\tdb-0\n",
    );
  });
});

describe("security context", () => {
  const image = { id: "i", repoTags: [], repoDigests: [], sizeBytes: 0 };
  const pod = (runAsNonRoot: boolean, runAsUser?: number) =>
    aPod({ securityContext: { runAsNonRoot, runAsUser } });

  it.each([
    [
      pod(true),
      { ...image, uid: 0 },
      'container has runAsNonRoot and image will run as root (pod: "web_default(uid-1)", container: app)',
    ],
    [
      pod(true),
      { ...image, username: "node" },
      "container has runAsNonRoot and image has non-numeric user (node), cannot verify user is non-root",
    ],
    [pod(true, 0), { ...image, uid: 5 }, "container's runAsUser breaks non-root policy"],
  ])("refuses root where the pod wants none %#", (one, its, message) => {
    expect(() => verifyNonRoot(one, one.spec.containers[0]!, its)).toThrow(message);
  });

  it("lets others pass", () => {
    for (const [one, its] of [
      [pod(true), { ...image, uid: 1000 }],
      [pod(true, 7), { ...image, uid: 0 }],
      [pod(false), { ...image, uid: 0 }],
    ] as const) {
      verifyNonRoot(one, one.spec.containers[0]!, its);
    }
  });

  it("puts the container's settings over the pod's", () => {
    const container = aContainer("app", {
      securityContext: {
        runAsUser: 7,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"], add: ["NET_ADMIN"] },
      },
    });
    const one = aPod({
      containers: [container],
      securityContext: { runAsUser: 1, runAsGroup: 2, fsGroup: 3, supplementalGroups: [4] },
    });
    expect(linuxSecurityContext(one, container, image)).toMatchObject({
      runAsUser: 7,
      runAsGroup: 2,
      supplementalGroups: [4, 3],
      noNewPrivileges: true,
      addCapabilities: ["NET_ADMIN"],
      dropCapabilities: ["ALL"],
      privileged: false,
    });
  });

  it.each([
    [undefined, undefined, true],
    ["RuntimeDefault", undefined, false],
    [undefined, "RuntimeDefault", false],
    ["RuntimeDefault", "Unconfined", true],
  ])("seccomp of the pod %s and of the container %s: unconfined is %s", (ofPod, ofContainer, unconfined) => {
    const wearing = (type: string | undefined) => (type === undefined ? {} : { seccompProfile: { type } });
    const container = aContainer("app", { securityContext: wearing(ofContainer) });
    const one = aPod({ containers: [container], securityContext: wearing(ofPod) });
    expect(linuxSecurityContext(one, container, image).seccompUnconfined).toBe(unconfined);
  });
});

describe("admission", () => {
  const allocatable = { cpuMilli: 2000, memoryBytes: 2 ** 30, pods: 3 };
  const node: Node = {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "n", uid: "n", resourceVersion: "1", creationTimestamp: null, labels: { disk: "ssd" } },
    spec: {},
  };
  const asking = (cpu: string, hostPort?: number) =>
    aPod({
      containers: [
        aContainer("app", {
          resources: { requests: { cpu } },
          ports: hostPort ? [{ containerPort: 80, hostPort }] : [],
        }),
      ],
    });

  it("takes what fits", () => {
    expect(admitPod(asking("1"), [asking("1")], node, allocatable)).toBeUndefined();
  });

  it.each([
    [
      asking("1500m"),
      [asking("1")],
      "OutOfcpu",
      "Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000",
    ],
    [
      aPod(),
      [aPod(), aPod(), aPod()],
      "OutOfpods",
      "Node didn't have enough resource: pods, requested: 1, used: 3, capacity: 3",
    ],
    [
      asking("0", 80),
      [asking("0", 80)],
      "NodePorts",
      "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
    ],
    [
      aPod({ nodeSelector: { disk: "hdd" } }),
      [],
      "NodeAffinity",
      "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    ],
  ])("refuses what does not %#", (pod, others, reason, message) => {
    expect(admitPod(pod, others, node, allocatable)).toEqual({ reason, message });
  });

  it("enforces NoExecute taints", () => {
    const tainted = { ...node, spec: { taints: [{ key: "gone", effect: "NoExecute" }] } };
    expect(admitPod(aPod(), [], tainted, allocatable)?.reason).toBe("TaintToleration");
    const tolerating = aPod({ tolerations: [{ key: "gone", operator: "Exists" }] });
    expect(admitPod(tolerating, [], tainted, allocatable)).toBeUndefined();
  });
});

describe("back-off", () => {
  it("doubles up to its bound, and forgets after a quiet time", () => {
    let nowMs = 0;
    const clock: Clock = { ...systemClock, monotonicMs: () => nowMs };
    const backOff = new BackOff(clock);
    expect(backOff.remainingMs("a", 0)).toBe(0);
    backOff.next("a");
    expect(backOff.remainingMs("a", 4000)).toBe(6000);
    for (const expected of [20, 40, 80, 160, 300, 300]) {
      nowMs += 1000;
      backOff.next("a");
      expect(backOff.delayMs("a")).toBe(expected * 1000);
    }
    nowMs += 601_000;
    expect(backOff.remainingMs("a", 0)).toBe(0);
    backOff.next("a");
    expect(backOff.delayMs("a")).toBe(10_000);
  });
});

describe("pull credentials", () => {
  const secret = (auths: object) => ({
    get: async () =>
      ({
        data: { ".dockerconfigjson": Buffer.from(JSON.stringify({ auths })).toString("base64") },
      }) as unknown as Node,
  });
  const pod = aPod({ imagePullSecrets: [{ name: "s" }] });
  const auth = Buffer.from("me:pass:word").toString("base64");

  it("fit the registry, the most specific first", async () => {
    const objects = secret({
      "registry.example": { username: "general", password: "1" },
      "https://registry.example/team/": { auth },
      "other.example": { username: "other", password: "2" },
    });
    expect(await pullCredentials(pod, "registry.example/team/app:1", objects)).toEqual([
      { username: "me", password: "pass:word" },
      { username: "general", password: "1" },
    ]);
    expect(await pullCredentials(pod, "registry.example/teams/app", objects)).toEqual([
      { username: "general", password: "1" },
    ]);
    expect(
      await pullCredentials(pod, "busybox", secret({ "https://index.docker.io/v1/": { auth } })),
    ).toHaveLength(1);
    expect(await pullCredentials(pod, "busybox", objects)).toEqual([]);
  });
});
