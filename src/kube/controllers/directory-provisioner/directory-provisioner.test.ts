import { existsSync, lstatSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  events as eventsResource,
  nodes,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
} from "../../api/index.ts";
import { createController } from "../controller.ts";
import { createPersistentVolumeBinder } from "../persistentvolume-binder/index.ts";
import { createPvProtectionController } from "../pv-protection/index.ts";
import { createPvcProtectionController } from "../pvc-protection/index.ts";
import { ControlPlane, type Identities } from "../testing/control-plane.ts";
import { reference, type Scenario } from "../testing/convergence.ts";
import { eventually } from "../testing/eventually.ts";
import { itConverges } from "../testing/fault-tests.ts";
import { claim } from "../testing/objects.ts";
import { together } from "../together.ts";
import { directoryProvisioner } from "./directory-provisioner.ts";
import { DELETION_FINALIZER } from "./provisioned-volume.ts";
import { PROVISIONER, provideStorageClass } from "./storage-class.ts";
import { VolumeDirectories } from "./volume-directories.ts";

const SELECTED_NODE = "volume.kubernetes.io/selected-node";
const uidOf = (at: number) => `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`;

function controllersFor(volumesDir: string): Identities {
  return {
    // Both act as the same identity.
    "persistent-volume-binder": (dependencies) =>
      together("volumes", [
        createPersistentVolumeBinder(dependencies),
        createController(directoryProvisioner({ ...dependencies, nodeName: "n1", volumesDir }), dependencies),
      ]),
    "pvc-protection-controller": createPvcProtectionController,
    "pv-protection-controller": createPvProtectionController,
  };
}

let home: string;
let volumesDir: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "gantry-volumes-"));
  volumesDir = join(home, "persistent-volumes");
});
afterAll(() => rm(home, { recursive: true }));

describe("volumes made of the node's disk", () => {
  let plane: ControlPlane;
  let namespace: string;
  beforeAll(async () => {
    plane = await ControlPlane.start();
    await provideStorageClass(plane.client);
    await plane.run(controllersFor(volumesDir));
  });
  beforeEach(async () => {
    namespace = await plane.namespace();
  });
  afterAll(() => plane.stop());

  const ask = async (name: string, spec: object = {}, node = "n1") => {
    const { metadata, spec: usual } = claim(name, namespace);
    const annotations: Record<string, string> = node === "" ? {} : { [SELECTED_NODE]: node };
    return plane.client.create<PersistentVolumeClaim>(persistentVolumeClaims, {
      metadata: { ...metadata, annotations },
      spec: { ...usual, ...spec },
    });
  };
  const claimOf = (name: string) => plane.client.get(persistentVolumeClaims, namespace, name);
  const bound = (name: string) =>
    eventually(async () => {
      const found = await claimOf(name);
      expect(found.status?.phase).toBe("Bound");
      return plane.client.get(persistentVolumes, undefined, found.spec.volumeName!);
    });
  const isGone = (name: string) =>
    eventually(() =>
      expect(plane.client.get(persistentVolumes, undefined, name)).rejects.toThrow("not found"),
    );
  const eventsOf = async (name: string) => {
    const { items } = await plane.client.list(eventsResource, {
      fieldSelector: `involvedObject.name=${name}`,
    });
    return items.map(({ reason, message }) => `${reason}: ${message}`);
  };

  it("are bound to claims of the default class, once their node is known", async () => {
    await ask("c", {}, "");
    await eventually(async () =>
      expect(await eventsOf("c")).toEqual([
        "WaitForFirstConsumer: waiting for first consumer to be created before binding",
      ]),
    );
    await plane.client.patch(persistentVolumeClaims, namespace, "c", "merge", {
      metadata: { annotations: { [SELECTED_NODE]: "n1" } },
    });
    const volume = await bound("c");
    const { uid } = (await claimOf("c")).metadata;
    expect(volume.metadata).toMatchObject({
      name: `pvc-${uid}`,
      annotations: { "pv.kubernetes.io/provisioned-by": PROVISIONER },
      finalizers: expect.arrayContaining(["kubernetes.io/pv-protection", DELETION_FINALIZER]),
    });
    expect(volume.spec).toEqual({
      accessModes: ["ReadWriteOnce"],
      capacity: { storage: "1Gi" },
      claimRef: expect.objectContaining({ namespace, name: "c", uid }),
      local: { path: join(volumesDir, `pvc-${uid}`) },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: ["n1"] }] },
          ],
        },
      },
      persistentVolumeReclaimPolicy: "Delete",
      storageClassName: "standard",
      volumeMode: "Filesystem",
    });
    expect(lstatSync(volume.spec.local!.path).mode & 0o7777).toBe(0o777);
    expect(lstatSync(volumesDir).mode & 0o7777).toBe(0o700);
    await eventually(async () =>
      expect(await eventsOf("c")).toEqual(
        expect.arrayContaining([
          `Provisioning: External provisioner is provisioning volume for claim "${namespace}/c"`,
          `ProvisioningSucceeded: Successfully provisioned volume pvc-${uid}`,
        ]),
      ),
    );
  });

  it("go with their claim, and take nothing with them that they only point to", async () => {
    await ask("c");
    const { metadata, spec } = await bound("c");
    const outside = join(home, "outside");
    await mkdir(outside, { recursive: true });
    await writeFile(join(outside, "kept"), "");
    await mkdir(join(spec.local!.path, "deep", "er"), { recursive: true });
    await symlink(outside, join(spec.local!.path, "deep", "link"));
    await plane.client.delete(persistentVolumeClaims, namespace, "c");
    await isGone(metadata.name);
    expect(existsSync(spec.local!.path)).toBe(false);
    expect(await readdir(outside)).toEqual(["kept"]);
  });

  it("go when a person deletes them, but not before their claim", async () => {
    await ask("c");
    const { metadata, spec } = await bound("c");
    await plane.client.delete(persistentVolumes, undefined, metadata.name);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(existsSync(spec.local!.path)).toBe(true);
    await plane.client.delete(persistentVolumeClaims, namespace, "c");
    await isGone(metadata.name);
    expect(existsSync(spec.local!.path)).toBe(false);
  });

  it("stay where the class says so", async () => {
    const name = `${namespace}-keep`;
    await plane.client.create(storageClasses, {
      metadata: { name },
      provisioner: PROVISIONER,
      reclaimPolicy: "Retain",
    });
    await ask("c", { storageClassName: name }, "");
    const { metadata, spec } = await bound("c");
    await writeFile(join(spec.local!.path, "data"), "kept");
    await plane.client.delete(persistentVolumeClaims, namespace, "c");
    await eventually(async () => {
      const { status } = await plane.client.get(persistentVolumes, undefined, metadata.name);
      expect(status?.phase).toBe("Released");
    });
    await plane.client.delete(persistentVolumes, undefined, metadata.name);
    await isGone(metadata.name);
    expect(await readFile(join(spec.local!.path, "data"), "utf8")).toBe("kept");
  });

  it.each([
    ["blocks", { volumeMode: "Block" }, {}, "block volumes are not provided, only directories"],
    [
      "copies",
      { dataSource: { kind: "PersistentVolumeClaim", name: "other" } },
      {},
      "volumes are made empty: a dataSource is not supported",
    ],
    [
      "chosen ones",
      { selector: { matchLabels: { a: "b" } } },
      {},
      "claim.Spec.Selector is not supported for dynamic provisioning",
    ],
    [
      "mount options",
      {},
      { mountOptions: ["noatime"] },
      "mount options are not supported: a directory is not mounted",
    ],
    ["parameters", {}, { parameters: { size: "big" } }, "the class has a parameter that is not known: size"],
  ])("are no %s", async (_what, spec, fields, why) => {
    const name = `${namespace}-odd`;
    await plane.client.create(storageClasses, { metadata: { name }, provisioner: PROVISIONER, ...fields });
    await ask("odd", { storageClassName: name, ...spec });
    await eventually(async () =>
      expect(await eventsOf("odd")).toContain(
        `ProvisioningFailed: failed to provision volume with StorageClass "${name}": ${why}`,
      ),
    );
    expect((await claimOf("odd")).status?.phase).toBe("Pending");
  });

  it("are made on this node only, so that another one is looked for", async () => {
    await ask("far", {}, "n2");
    await eventually(async () => {
      expect(await eventsOf("far")).toContain(
        'ProvisioningFailed: failed to provision volume with StorageClass "standard": only the node "n1" keeps volumes, not "n2"',
      );
      expect((await claimOf("far")).metadata.annotations?.[SELECTED_NODE]).toBeUndefined();
    });
  });

  it("are left to the node that was chosen, where it keeps volumes itself", async () => {
    const annotations = { "gantry.dev/machine": "1".repeat(32) };
    await plane.client.create(nodes, { metadata: { name: "n9", annotations } });
    await ask("elsewhere", {}, "n9");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await eventsOf("elsewhere")).filter((text) => text.startsWith("Provisioning"))).toEqual([]);
    expect((await claimOf("elsewhere")).metadata.annotations?.[SELECTED_NODE]).toBe("n9");
    await plane.client.delete(nodes, undefined, "n9");
  });

  it.each([
    [
      "another directory",
      `pvc-${uidOf(1)}`,
      "/etc",
      "the volume does not lie where volumes of this node are made",
    ],
    [
      "a name that leads elsewhere",
      "pvc-elsewhere",
      "/etc",
      '"pvc-elsewhere" is no name of a volume that is made here',
    ],
  ])("are not removed where they only claim to be made here: %s", async (_what, name, path, why) => {
    await plane.client.create(persistentVolumes, {
      metadata: { name, annotations: { "pv.kubernetes.io/provisioned-by": PROVISIONER } },
      spec: {
        accessModes: ["ReadWriteOnce"],
        capacity: { storage: "1Gi" },
        claimRef: { namespace, name: "gone", uid: uidOf(2) },
        local: { path },
        nodeAffinity: {
          required: { nodeSelectorTerms: [{ matchExpressions: [{ key: "a", operator: "Exists" }] }] },
        },
        persistentVolumeReclaimPolicy: "Delete",
      },
    });
    await eventually(async () => expect(await eventsOf(name)).toContain(`VolumeFailedDelete: ${why}`));
    expect(existsSync("/etc/passwd")).toBe(true);
    await plane.client.patch(persistentVolumes, undefined, name, "merge", {
      spec: { persistentVolumeReclaimPolicy: "Retain" },
    });
  });
});

describe("the class of the node's directories", () => {
  let plane: ControlPlane;
  beforeEach(async () => {
    plane = await ControlPlane.start();
  });
  afterEach(() => plane.stop());

  const classesOf = async () => {
    const { items } = await plane.client.list(storageClasses);
    return items.map(({ metadata }) => [
      metadata.name,
      metadata.annotations?.["storageclass.kubernetes.io/is-default-class"],
    ]);
  };

  it("is made once, as the default one, and left as a person changed it", async () => {
    await provideStorageClass(plane.client);
    expect(await classesOf()).toEqual([["standard", "true"]]);
    await plane.client.patch(storageClasses, undefined, "standard", "merge", {
      metadata: { annotations: { "storageclass.kubernetes.io/is-default-class": "false" } },
    });
    await provideStorageClass(plane.client);
    expect(await classesOf()).toEqual([["standard", "false"]]);
  });

  it("does not take the place of another default one", async () => {
    await plane.client.create(storageClasses, {
      metadata: { name: "mine", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
      provisioner: "example.com/disk",
    });
    await provideStorageClass(plane.client);
    expect(await classesOf()).toEqual([
      ["mine", "true"],
      ["standard", "false"],
    ]);
  });
});

describe("volumes' directories", () => {
  it("have the names of provisioned volumes, and no others", async () => {
    const directories = new VolumeDirectories(volumesDir);
    for (const name of ["..", "pvc-..", `pvc-${uidOf(1)}/..`, `../pvc-${uidOf(1)}`, "", `pvc-${uidOf(1)}x`]) {
      expect(() => directories.pathOf(name)).toThrow("is no name of a volume");
      await expect(directories.remove(name)).rejects.toThrow("is no name of a volume");
    }
  });

  it("are not made through a link, nor removed through one", async () => {
    const directories = new VolumeDirectories(volumesDir);
    const outside = join(home, "elsewhere");
    await mkdir(outside);
    await writeFile(join(outside, "kept"), "");
    await mkdir(volumesDir, { recursive: true });
    await symlink(outside, join(volumesDir, `pvc-${uidOf(3)}`));
    await expect(directories.create(`pvc-${uidOf(3)}`)).rejects.toThrow("is not a directory");
    await directories.remove(`pvc-${uidOf(3)}`);
    expect(await readdir(outside)).toEqual(["kept"]);
  });

  it("go when they are empty and nobody's", async () => {
    const directories = new VolumeDirectories(volumesDir);
    await directories.create(`pvc-${uidOf(4)}`);
    await writeFile(join(await directories.create(`pvc-${uidOf(5)}`), "data"), "");
    await directories.removeEmpty(`pvc-${uidOf(4)}`);
    await directories.removeEmpty(`pvc-${uidOf(5)}`);
    await directories.removeEmpty(`pvc-${uidOf(6)}`);
    const left = await directories.names();
    expect([left.includes(`pvc-${uidOf(4)}`), left.includes(`pvc-${uidOf(5)}`)]).toEqual([false, true]);
  });
});

describe("the provisioner under faults", () => {
  let plane: ControlPlane;
  let expected: unknown;
  let faultsDir: string;
  const scenario: Scenario = {
    get controllers() {
      return controllersFor(faultsDir);
    },
    async play({ client, namespace }) {
      const isBound = (name: string) =>
        eventually(async () => {
          const { status } = await client.get(persistentVolumeClaims, namespace, name);
          expect(status?.phase).toBe("Bound");
        });
      for (const name of ["keep", "drop", "never"]) {
        const { metadata, spec } = claim(name, namespace);
        const annotations = { [SELECTED_NODE]: "n1" };
        await client.create(persistentVolumeClaims, {
          metadata: { ...metadata, annotations },
          spec: { ...spec, storageClassName: "standard" },
        });
      }
      await client.delete(persistentVolumeClaims, namespace, "never");
      for (const name of ["keep", "drop"]) await isBound(name);
      await client.delete(persistentVolumeClaims, namespace, "drop");
    },
    async outcome({ client, namespace }) {
      const claims = await client.list(persistentVolumeClaims, { namespace });
      const volumes = await client.list(persistentVolumes);
      const ours = volumes.items.filter(({ spec }) => spec.claimRef?.namespace === namespace);
      return {
        claims: claims.items.map(({ metadata, status }) => [metadata.name, status?.phase]),
        volumes: ours.map(({ spec, status }) => [
          spec.claimRef?.name,
          status?.phase,
          existsSync(spec.local!.path),
        ]),
      };
    },
  };

  beforeAll(async () => {
    faultsDir = join(home, "faults");
    plane = await ControlPlane.start();
    await provideStorageClass(plane.client);
    expected = await reference(plane, scenario);
  });
  afterAll(() => plane.stop());
  // Nothing is left that no volume points to, whatever was cut off.
  afterEach(async () => {
    await plane.run(controllersFor(faultsDir));
    await eventually(async () => {
      const { items } = await plane.client.list(persistentVolumes);
      expect((await readdir(faultsDir)).sort()).toEqual(items.map(({ metadata }) => metadata.name).sort());
    });
  });

  it("has a reference state", () => {
    expect(expected).toEqual({ claims: [["keep", "Bound"]], volumes: [["keep", "Bound", true]] });
  });

  itConverges(() => ({ plane, scenario, expected }), { writes: 10, events: 10 });
});
