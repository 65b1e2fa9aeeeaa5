import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listMounts, removeTree } from "../../../kernel/index.ts";
import { swapLinks } from "../../../kernel/testing/link-swapper.ts";
import type { Volume } from "../../api/index.ts";
import type { KubeObject } from "../../api/types.ts";
import { aPod } from "../testing/pods.ts";
import { giveToGroup } from "./ownership.ts";
import type { PayloadInput } from "./payload.ts";
import { VolumeManager } from "./volume-manager.ts";

const noClaims = {
  claim: () => Promise.reject(new Error("there are no claims")),
  volume: () => Promise.reject(new Error("there are no volumes")),
};
const TMPFS_MAGIC = 0x01021994;
const UID = "uid-1";

describe("volumes", () => {
  let dir: string;
  let manager: VolumeManager;
  let objects: Record<string, KubeObject>;

  const newManager = () =>
    new VolumeManager({ podsDir: dir, nodeMemoryBytes: 2 ** 30, claims: noClaims, node: () => undefined });

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "volumes-"));
    manager = newManager();
    objects = {};
  });

  afterEach(async () => {
    await manager.tearDown(UID);
    expect(listMounts().filter(({ mountPoint }) => mountPoint.startsWith(dir))).toEqual([]);
    rmSync(dir, { recursive: true });
  });

  function put(kind: "configmap" | "secret", name: string, data: Record<string, string>, more: object = {}) {
    const metadata = {
      name,
      namespace: "default",
      uid: name,
      resourceVersion: String(Math.random()),
      creationTimestamp: null,
    };
    objects[`${kind}/${name}`] = { apiVersion: "v1", kind, metadata, data, ...more };
  }

  async function setUp(volumes: Volume[], pod = aPod({ volumes })): Promise<Map<string, string>> {
    const input: PayloadInput = {
      pod,
      objects: { get: async (kind, _namespace, name) => objects[`${kind}/${name}`] },
      tokens: { token: async (_pod, { audience }) => `token for ${audience}` },
      fields: {
        nodeName: "n",
        hostIp: "192.0.2.1",
        podIp: "10.0.0.1",
        allocatable: { cpuMilli: 2000, memoryBytes: 2 ** 30, ephemeralStorageBytes: 0 },
      },
    };
    return manager.setUp(pod, input);
  }

  const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

  it("makes an emptyDir that anybody may write", async () => {
    const path = (await setUp([{ name: "cache", emptyDir: {} }])).get("cache")!;
    expect(path).toBe(join(dir, UID, "volumes/kubernetes.io~empty-dir/cache"));
    expect(modeOf(path)).toBe("777");
    writeFileSync(join(path, "kept"), "x");
    await setUp([{ name: "cache", emptyDir: {} }]);
    expect(readdirSync(path)).toEqual(["kept"]);
  });

  it("makes an emptyDir in memory of the size that was asked for, once", async () => {
    const volume: Volume = { name: "fast", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } };
    const path = (await setUp([volume])).get("fast")!;
    const info = statfsSync(path);
    expect([info.type, info.blocks * info.bsize]).toEqual([TMPFS_MAGIC, 2 ** 20]);
    // As after a restart of the program.
    manager = newManager();
    writeFileSync(join(path, "kept"), "x");
    await setUp([volume]);
    expect(readdirSync(path)).toEqual(["kept"]);
    expect(listMounts().filter(({ mountPoint }) => mountPoint === path)).toHaveLength(1);
  });

  it("shows a configMap's keys and swaps them at once", async () => {
    put("configmap", "settings", { "a.conf": "one", gone: "x" }, { binaryData: { bin: "AAEC" } });
    const volume: Volume = { name: "conf", configMap: { name: "settings", defaultMode: 0o640 } };
    const path = (await setUp([volume])).get("conf")!;
    expect(readFileSync(join(path, "a.conf"), "utf8")).toBe("one");
    expect(readFileSync(join(path, "bin"))).toEqual(Buffer.from([0, 1, 2]));
    expect(modeOf(join(path, "a.conf"))).toBe("640");
    expect(readlinkSync(join(path, "a.conf"))).toBe("..data/a.conf");
    const before = readlinkSync(join(path, "..data"));
    put("configmap", "settings", { "a.conf": "two" });
    await setUp([volume]);
    expect(readFileSync(join(path, "a.conf"), "utf8")).toBe("two");
    expect(readlinkSync(join(path, "..data"))).not.toBe(before);
    expect(readdirSync(path).filter((name) => !name.startsWith(".."))).toEqual(["a.conf"]);
    expect(readdirSync(path).filter((name) => name.startsWith(".."))).toHaveLength(2);
  });

  it("leaves an unchanged volume alone, also after a restart", async () => {
    put("configmap", "settings", { key: "one" });
    const volume: Volume = { name: "conf", configMap: { name: "settings" } };
    const path = (await setUp([volume])).get("conf")!;
    const before = readlinkSync(join(path, "..data"));
    manager = newManager();
    await setUp([volume]);
    expect(readlinkSync(join(path, "..data"))).toBe(before);
  });

  it("keeps secrets in memory, with items, modes and paths", async () => {
    put("secret", "login", { user: Buffer.from("me").toString("base64"), other: "eA==" });
    const items = [{ key: "user", path: "deep/down/name", mode: 0o400 }];
    const path = (await setUp([{ name: "s", secret: { secretName: "login", items } }])).get("s")!;
    expect(statfsSync(path).type).toBe(TMPFS_MAGIC);
    expect(readFileSync(join(path, "deep/down/name"), "utf8")).toBe("me");
    expect(modeOf(join(path, "deep/down/name"))).toBe("400");
    expect(existsSync(join(path, "other"))).toBe(false);
  });

  it("says what is missing, unless it is optional", async () => {
    await expect(setUp([{ name: "v", configMap: { name: "none" } }])).rejects.toThrow(
      'MountVolume.SetUp failed for volume "v" : configmap "none" not found',
    );
    await expect(setUp([{ name: "v", secret: { secretName: "none" } }])).rejects.toThrow(
      'secret "none" not found',
    );
    const path = (await setUp([{ name: "w", configMap: { name: "none", optional: true } }])).get("w")!;
    expect(readdirSync(path).filter((name) => !name.startsWith(".."))).toEqual([]);
    put("configmap", "some", { a: "1" });
    await expect(
      setUp([{ name: "v", configMap: { name: "some", items: [{ key: "b", path: "b" }] } }]),
    ).rejects.toThrow("configmap references non-existent config key: b");
    await expect(
      setUp([{ name: "v", configMap: { name: "some", items: [{ key: "a", path: "../a" }] } }]),
    ).rejects.toThrow("invalid path");
  });

  it("projects a token, an object and the pod's own fields into one volume", async () => {
    put("configmap", "kube-root-ca.crt", { "ca.crt": "CERT" });
    const sources = [
      { serviceAccountToken: { path: "token", expirationSeconds: 3607, audience: "me" } },
      { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
      { downwardAPI: { items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }] } },
    ];
    const path = (await setUp([{ name: "p", projected: { sources, defaultMode: 0o644 } }])).get("p")!;
    const text = (name: string) => readFileSync(join(path, name), "utf8");
    expect([text("token"), text("ca.crt"), text("namespace")]).toEqual(["token for me", "CERT", "default"]);
  });

  it.each([
    { name: "nobody in particular", securityContext: {}, mode: "644", uid: 0, gid: 0 },
    { name: "the one user", securityContext: { runAsUser: 1000 }, mode: "600", uid: 1000, gid: 0 },
    { name: "the fsGroup", securityContext: { fsGroup: 4242 }, mode: "640", uid: 0, gid: 4242 },
    {
      name: "the one user and the fsGroup",
      securityContext: { runAsUser: 1000, fsGroup: 4242 },
      mode: "640",
      uid: 1000,
      gid: 4242,
    },
  ])("gives a token to $name", async ({ securityContext, mode, uid, gid }) => {
    const sources = [{ serviceAccountToken: { path: "token" } }];
    const volumes: Volume[] = [{ name: "p", projected: { sources, defaultMode: 0o644 } }];
    const path = (await setUp(volumes, aPod({ volumes, securityContext }))).get("p")!;
    const file = statSync(join(path, "token"));
    expect([(file.mode & 0o777).toString(8), file.uid, file.gid]).toEqual([mode, uid, gid]);
  });

  it("gives a token to nobody in particular where containers run as several users", async () => {
    const sources = [{ serviceAccountToken: { path: "token" } }];
    const volumes: Volume[] = [{ name: "p", projected: { sources, defaultMode: 0o644 } }];
    const pod = aPod({ volumes, securityContext: { runAsUser: 1000 } });
    pod.spec.containers.push({ name: "other", image: "i", securityContext: { runAsUser: 1001 } });
    const path = (await setUp(volumes, pod)).get("p")!;
    const file = statSync(join(path, "token"));
    expect([(file.mode & 0o777).toString(8), file.uid]).toEqual(["644", 0]);
  });

  it("tells of labels and resources, and follows changes of the pod", async () => {
    const items = [
      { path: "labels", fieldRef: { fieldPath: "metadata.labels" } },
      { path: "cpu", resourceFieldRef: { containerName: "app", resource: "limits.cpu", divisor: "1m" } },
    ];
    const volumes: Volume[] = [{ name: "d", downwardAPI: { items } }];
    const path = (await setUp(volumes, aPod({ volumes }, { labels: { b: "2", a: 'say "1"' } }))).get("d")!;
    expect(readFileSync(join(path, "labels"), "utf8")).toBe('a="say \\"1\\""\nb="2"');
    expect(readFileSync(join(path, "cpu"), "utf8")).toBe("2000");
    await setUp(volumes, aPod({ volumes }, { labels: { a: "3" } }));
    expect(readFileSync(join(path, "labels"), "utf8")).toBe('a="3"');
  });

  it("gives volumes to the fsGroup", async () => {
    put("secret", "login", { user: "eA==" });
    const volumes: Volume[] = [
      { name: "cache", emptyDir: {} },
      { name: "s", secret: { secretName: "login", defaultMode: 0o400 } },
    ];
    const paths = await setUp(volumes, aPod({ volumes, securityContext: { fsGroup: 4242 } }));
    const cache = statSync(paths.get("cache")!);
    expect([cache.gid, (cache.mode & 0o7777).toString(8)]).toEqual([4242, "2777"]);
    const file = statSync(join(paths.get("s")!, "user"));
    expect([file.gid, (file.mode & 0o777).toString(8)]).toEqual([4242, "440"]);
  });

  it("changes nothing outside while a container swaps directories for links", async () => {
    const volumes: Volume[] = [{ name: "cache", emptyDir: {} }];
    const path = (await setUp(volumes)).get("cache")!;
    const outside = join(dir, "outside");
    mkdirSync(outside, { mode: 0o700 });
    const names = Array.from({ length: 30 }, (_, index) => `d${index}`);
    const files = ["a", "b", "c", "d"];
    for (const name of names) mkdirSync(join(path, name));
    for (const file of files) {
      for (const name of names) writeFileSync(join(path, name, file), "");
      writeFileSync(join(outside, file), "the host's", { mode: 0o600 });
    }
    const swapper = await swapLinks(path, names, outside);
    try {
      for (let tries = 0; tries < 200 && swapper.swaps() < 50; tries++)
        await giveToGroup(path, 4242 + tries, { readOnly: false, onRootMismatchOnly: false });
      await removeTree(path);
      expect(existsSync(path)).toBe(false);
    } finally {
      await swapper.stop();
    }
    expect(swapper.swaps()).toBeGreaterThanOrEqual(50);
    expect(readdirSync(outside).sort()).toEqual(files);
    for (const name of [".", ...files]) expect(statSync(join(outside, name)).gid).toBe(0);
    expect(statSync(outside).mode & 0o7777).toBe(0o700);
  });

  it("checks host paths", async () => {
    const host = join(dir, "host");
    await expect(setUp([{ name: "h", hostPath: { path: host, type: "Directory" } }])).rejects.toThrow(
      `hostPath type check failed: ${host} is not a directory`,
    );
    const paths = await setUp([
      { name: "h", hostPath: { path: host, type: "DirectoryOrCreate" } },
      { name: "f", hostPath: { path: join(host, "file"), type: "FileOrCreate" } },
    ]);
    expect(paths.get("h")).toBe(host);
    expect(statSync(paths.get("f")!).isFile()).toBe(true);
    await expect(setUp([{ name: "h", hostPath: { path: host, type: "Socket" } }])).rejects.toThrow(
      "is not a socket file",
    );
  });

  it("refuses what is not built", async () => {
    await expect(setUp([{ name: "v", nfs: { server: "s", path: "/" } }])).rejects.toThrow(
      "volumes of type nfs are not implemented",
    );
  });
});
