import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Node, PersistentVolume, PersistentVolumeClaim, PodSpec, Volume } from "../../api/index.ts";
import { statusNotFound } from "../../api/index.ts";
import { aContainer, aPod } from "../testing/pods.ts";
import type { PayloadInput } from "./payload.ts";
import { VolumeManager } from "./volume-manager.ts";

const NODE = { metadata: { name: "n1", labels: { "kubernetes.io/hostname": "n1" } } } as unknown as Node;
const onNode = (name: string) => ({
  required: {
    nodeSelectorTerms: [
      { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [name] }] },
    ],
  },
});

describe("volumes of claims", () => {
  let dir: string;
  let disk: string;
  let manager: VolumeManager;
  let claims: Record<string, PersistentVolumeClaim>;
  let volumes: Record<string, PersistentVolume>;

  const newManager = () =>
    new VolumeManager({
      podsDir: join(dir, "pods"),
      nodeMemoryBytes: 2 ** 30,
      node: () => NODE,
      claims: {
        claim: async (_namespace, name) => {
          if (!claims[name]) throw statusNotFound({ group: "", resource: "persistentvolumeclaims" }, name);
          return claims[name];
        },
        volume: async (name) => {
          if (!volumes[name]) throw statusNotFound({ group: "", resource: "persistentvolumes" }, name);
          return volumes[name];
        },
      },
    });

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "claims-"));
    disk = join(dir, "disk");
    mkdirSync(disk);
    chmodSync(disk, 0o777);
    manager = newManager();
    claims = { c: boundClaim("c", "pv") };
    volumes = { pv: aVolume({ local: { path: disk } }) };
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  function boundClaim(
    name: string,
    volumeName: string,
    more: Partial<PersistentVolumeClaim["metadata"]> = {},
  ) {
    return {
      metadata: { name, namespace: "default", uid: `uid-of-${name}`, ...more },
      spec: { volumeName },
      status: { phase: "Bound" },
    } as unknown as PersistentVolumeClaim;
  }

  function aVolume(spec: Partial<PersistentVolume["spec"]>) {
    const claimRef = { namespace: "default", name: "c", uid: "uid-of-c" };
    return {
      metadata: { name: "pv" },
      spec: { capacity: { storage: "1Gi" }, claimRef, nodeAffinity: onNode("n1"), ...spec },
    } as unknown as PersistentVolume;
  }

  const DATA: Volume = { name: "data", persistentVolumeClaim: { claimName: "c" } };
  const podWith = (volume: Volume, spec: Partial<PodSpec> = {}, uid = "uid-1") =>
    aPod(
      {
        volumes: [volume],
        containers: [aContainer("app", { volumeMounts: [{ name: volume.name, mountPath: "/data" }] })],
        ...spec,
      },
      { uid },
    );
  const setUp = async (pod = podWith(DATA)) => (await manager.setUp(pod, {} as PayloadInput)).get("data");

  it("lie where the local volume says, links followed", async () => {
    expect(await setUp()).toBe(disk);
    symlinkSync(disk, join(dir, "link"));
    volumes.pv = aVolume({ local: { path: join(dir, "link") } });
    expect(await setUp(podWith(DATA, {}, "uid-2"))).toBe(disk);
  });

  it("lie where the host path says, which is made if it is to be", async () => {
    const path = join(dir, "made");
    volumes.pv = aVolume({ hostPath: { path, type: "DirectoryOrCreate" } });
    expect(await setUp()).toBe(path);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  it("stay when the pod goes", async () => {
    await setUp();
    writeFileSync(join(disk, "kept"), "");
    await manager.tearDown("uid-1");
    expect(existsSync(join(dir, "pods", "uid-1"))).toBe(false);
    expect(existsSync(join(disk, "kept"))).toBe(true);
  });

  it("are asked for until they are bound, and then no more", async () => {
    claims.c!.status!.phase = "Pending";
    await expect(setUp()).rejects.toThrow("PVC is not bound");
    claims.c!.status!.phase = "Bound";
    expect(await setUp()).toBe(disk);
    claims = {};
    expect(await setUp()).toBe(disk);
  });

  const processing = (why: string) =>
    `Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[], failed to process volumes=[data]: error processing PVC default/c: ${why}`;

  it.each<[string, () => void, string]>([
    [
      "there is no claim",
      () => delete claims.c,
      'failed to fetch PVC from API server: persistentvolumeclaims "c" not found',
    ],
    ["the claim waits", () => (claims.c!.status!.phase = "Pending"), "PVC is not bound"],
    [
      "the claim goes",
      () => (claims.c!.metadata.deletionTimestamp = "2026-01-01T00:00:00Z"),
      "PVC is being deleted",
    ],
    [
      "there is no volume",
      () => delete volumes.pv,
      'failed to fetch PV pv from API server: persistentvolumes "pv" not found',
    ],
    [
      "the volume is free",
      () => delete volumes.pv!.spec.claimRef,
      "found PV object pv but it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim",
    ],
    [
      "the volume is another's",
      () => (volumes.pv!.spec.claimRef!.uid = "other"),
      "found PV object pv but its pv.Spec.ClaimRef.UID other does not point to claim.UID uid-of-c",
    ],
  ])("are waited for: %s", async (_what, change, why) => {
    change();
    await expect(setUp()).rejects.toThrow(expect.objectContaining({ message: processing(why) }));
  });

  it.each<[string, Partial<PersistentVolume["spec"]>, string]>([
    [
      "on another node",
      { nodeAffinity: onNode("n2") },
      'MountVolume.NodeAffinity check failed for volume "pv" : no matching NodeSelectorTerms',
    ],
    [
      "with mount options",
      { mountOptions: ["noatime"] },
      'MountVolume.MountOptionSupport check failed for volume "pv" : mount options are not supported for this volume type',
    ],
    [
      "of other types",
      { local: undefined, nfs: { server: "s", path: "/" } },
      'MountVolume.SetUp failed for volume "pv" : persistent volumes of type nfs are not implemented',
    ],
    [
      "that are not there",
      { local: { path: "/nowhere/at/all" } },
      'MountVolume.NewMounter initialization failed for volume "pv" : path "/nowhere/at/all" does not exist',
    ],
    [
      "that are files",
      { local: { path: "/etc/passwd" } },
      'MountVolume.NewMounter initialization failed for volume "pv" : only directory and block device are supported',
    ],
    [
      "that are no directories of their type",
      { local: undefined, hostPath: { path: "/etc/passwd", type: "Directory" } },
      'MountVolume.SetUp failed for volume "pv" : hostPath type check failed: /etc/passwd is not a directory',
    ],
  ])("are refused %s", async (_what, spec, message) => {
    const merged = aVolume({ local: { path: disk }, ...spec });
    if (spec.local === undefined && "local" in spec) delete merged.spec.local;
    volumes.pv = merged;
    await expect(setUp()).rejects.toThrow(expect.objectContaining({ message }));
  });

  it("for one pod only are not had by another one before the first is gone", async () => {
    volumes.pv = aVolume({ local: { path: disk }, accessModes: ["ReadWriteOncePod"] });
    await setUp();
    const other = podWith(DATA, {}, "uid-2");
    await expect(setUp(other)).rejects.toThrow(
      'MountVolume.SetUp failed for volume "pv" : volume uses the ReadWriteOncePod access mode and is already in use by another pod',
    );
    await manager.tearDown("uid-1");
    expect(await setUp(other)).toBe(disk);
  });

  it("tell of all claims at once, and not of those that no container uses", async () => {
    const names = ["a", "b", "unused"];
    const pod = aPod({
      volumes: names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } })),
      containers: [
        aContainer("app", { volumeMounts: ["a", "b"].map((name) => ({ name, mountPath: `/${name}` })) }),
      ],
    });
    const missing = (name: string) =>
      `error processing PVC default/${name}: failed to fetch PVC from API server: persistentvolumeclaims "${name}" not found`;
    await expect(setUp(pod)).rejects.toThrow(
      `unmounted volumes=[a b], unattached volumes=[], failed to process volumes=[a b]: ${missing("a")}; ${missing("b")}`,
    );
  });

  it("are not mounted where they are blocks", async () => {
    volumes.pv = aVolume({ local: { path: disk }, volumeMode: "Block" });
    await expect(setUp()).rejects.toThrow(
      "volume data has volumeMode Block, but is specified in volumeMounts",
    );
  });

  it("that are made for a pod are only its own", async () => {
    const volume: Volume = { name: "data", ephemeral: { volumeClaimTemplate: { spec: {} } } } as Volume;
    claims = { "web-data": boundClaim("web-data", "pv") };
    volumes.pv!.spec.claimRef!.uid = "uid-of-web-data";
    await expect(setUp(podWith(volume))).rejects.toThrow(
      "PVC default/web-data was not created for pod default/web (pod is not owner)",
    );
    const owner = { apiVersion: "v1", kind: "Pod", name: "web", uid: "uid-1", controller: true };
    claims["web-data"] = boundClaim("web-data", "pv", { ownerReferences: [owner] });
    expect(await setUp(podWith(volume))).toBe(disk);
  });

  describe("given to a group", () => {
    const withGroup = (securityContext: NonNullable<PodSpec["securityContext"]>, uid?: string) =>
      podWith(DATA, { securityContext }, uid);
    const groups = () => [statSync(disk).gid, statSync(join(disk, "file")).gid];
    beforeEach(() => writeFileSync(join(disk, "file"), ""));

    it("belong to it, once a pod", async () => {
      await setUp(withGroup({ fsGroup: 4242 }));
      expect(groups()).toEqual([4242, 4242]);
      writeFileSync(join(disk, "new"), "");
      // As after a restart of the program: the pod's containers may have changed what they like.
      manager = newManager();
      await setUp(withGroup({ fsGroup: 4343 }));
      expect(groups()).toEqual([4242, 4242]);
      await manager.tearDown("uid-1");
      await setUp(withGroup({ fsGroup: 4343 }, "uid-2"));
      expect(groups()).toEqual([4343, 4343]);
    });

    it("are left alone below a root that fits, where the pod says so", async () => {
      await setUp(withGroup({ fsGroup: 4242 }));
      await manager.tearDown("uid-1");
      rmSync(join(disk, "file"));
      writeFileSync(join(disk, "file"), "");
      await setUp(withGroup({ fsGroup: 4242, fsGroupChangePolicy: "OnRootMismatch" }, "uid-2"));
      // The directory's set-group bit gave the file its group; its mode shows that nobody went over it.
      expect(statSync(join(disk, "file")).mode & 0o060).toBe(0o040);
    });

    it("are left alone where they are read only, or used by another pod", async () => {
      const readOnly = { name: "data", persistentVolumeClaim: { claimName: "c", readOnly: true } };
      const pod = podWith(readOnly, { securityContext: { fsGroup: 4242 } });
      await setUp(pod);
      expect(groups()).toEqual([0, 0]);
      await setUp(withGroup({ fsGroup: 4242 }, "uid-2"));
      expect(groups()).toEqual([0, 0]);
    });
  });
});
