import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../base/manual-clock.test-support.ts";
import {
  csiDrivers,
  events,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  volumeAttachments,
} from "../../api/index.ts";
import type { KubeClient } from "../../client/index.ts";
import { ControlPlane, type Running } from "../testing/control-plane.ts";
import { reference, type Scenario, type World } from "../testing/convergence.ts";
import { eventually } from "../testing/eventually.ts";
import { itConverges } from "../testing/fault-tests.ts";
import { claim, node, pod } from "../testing/objects.ts";
import { createAttachDetachController } from "./index.ts";

const controllers = { "attachdetach-controller": createAttachDetachController };
const DRIVER = "disk.example.com";
const UNIQUE = `kubernetes.io/csi/${DRIVER}^handle`;

interface VolumeOptions {
  driver?: string;
  accessModes?: string[];
}

/** A claim and the volume that it is bound to, both of this name. */
async function addVolume(
  { client, namespace }: World,
  name: string,
  { driver = DRIVER, accessModes = ["ReadWriteOnce"] }: VolumeOptions = {},
): Promise<void> {
  const object = claim("data", namespace);
  const { metadata } = await client.create(persistentVolumeClaims, {
    ...object,
    spec: { ...object.spec, accessModes, volumeName: name },
  });
  await client.create(persistentVolumes, {
    metadata: { name, labels: { world: namespace } },
    spec: {
      accessModes,
      capacity: { storage: "1Gi" },
      csi: { driver, volumeHandle: "handle" },
      claimRef: { namespace, name: "data", uid: metadata.uid },
    },
  });
}

async function addPod({ client, namespace }: World, name: string, nodeName: string): Promise<void> {
  const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "data" } }];
  const containers = [{ name: "a", image: "a" }];
  await client.create(pods, pod(name, namespace, {}, { nodeName, volumes, containers }));
}

describe("what pods use of CSI drivers", () => {
  let plane: ControlPlane;
  let world: World;
  let clock: ManualClock;
  let running: Running;
  let node1: string;
  let node2: string;
  let volumeName: string;
  beforeAll(async () => {
    plane = await ControlPlane.start();
  });
  beforeEach(async () => {
    await running?.stop();
    const namespace = await plane.namespace();
    world = { client: plane.client, namespace };
    [node1, node2, volumeName] = ["n1", "n2", "v"].map((name) => `${namespace}-${name}`) as [
      string,
      string,
      string,
    ];
    for (const name of [node1, node2]) await world.client.create(nodes, node(name));
    clock = new ManualClock();
    running = await plane.run(controllers, { clock });
  });
  afterAll(() => plane.stop());

  const attachments = async () =>
    (await world.client.list(volumeAttachments)).items.filter(
      ({ spec }) => spec.source.persistentVolumeName === volumeName,
    );
  const attachedTo = async () => (await attachments()).map(({ spec }) => spec.nodeName);
  const toldNode = async (name: string) =>
    (await world.client.get(nodes, undefined, name)).status?.volumesAttached ?? [];
  const setStatus = async (status: object) => {
    const [one] = await attachments();
    const { name } = one!.metadata;
    await world.client.patch(
      volumeAttachments,
      undefined,
      name,
      "merge",
      { status },
      { subresource: "status" },
    );
  };
  const setNode = (name: string, status: object) =>
    world.client.patch(nodes, undefined, name, "merge", { status }, { subresource: "status" });
  const remove = (name: string) =>
    world.client.delete(pods, world.namespace, name, { gracePeriodSeconds: 0 });
  const news = async () =>
    (await world.client.list(events, { namespace: world.namespace })).items.map(
      ({ reason, message }) => `${reason}: ${message}`,
    );

  it("is attached to their node, told to it, and detached once it has let go", async () => {
    await addVolume(world, volumeName);
    await addPod(world, "a", node1);
    await eventually(async () => expect(await attachedTo()).toEqual([node1]));
    const [one] = await attachments();
    expect(one).toMatchObject({
      metadata: { name: expect.stringMatching(/^csi-[0-9a-f]{64}$/) },
      spec: { attacher: DRIVER, source: { persistentVolumeName: volumeName } },
    });
    expect(await toldNode(node1)).toEqual([]);
    await setStatus({ attached: true });
    await eventually(async () => expect(await toldNode(node1)).toEqual([{ name: UNIQUE, devicePath: "" }]));
    await eventually(async () =>
      expect(await news()).toContain(
        `SuccessfulAttachVolume: AttachVolume.Attach succeeded for volume "${volumeName}" `,
      ),
    );
    await setNode(node1, { volumesInUse: [UNIQUE] });
    await remove("a");
    await clock.advance(60_000);
    expect(await attachedTo()).toEqual([node1]);
    await setNode(node1, { volumesInUse: [] });
    await eventually(async () => expect(await attachedTo()).toEqual([]));
    await eventually(async () => expect(await toldNode(node1)).toEqual([]));
  });

  it("that somebody else has attached stays so", async () => {
    const { client } = world;
    const made = await client.create(volumeAttachments, {
      metadata: { name: `by-hand-${node1}` },
      spec: { attacher: DRIVER, nodeName: node1, source: { persistentVolumeName: volumeName } },
    });
    await addVolume(world, volumeName);
    await addPod(world, "one", node1);
    // What is its own comes beside it, and goes again.
    const own = async () =>
      (await client.list(volumeAttachments)).items.filter(
        ({ metadata, spec }) => spec.nodeName === node1 && metadata.name !== made.metadata.name,
      );
    await eventually(async () => expect(await own()).toHaveLength(1));
    await client.delete(pods, world.namespace, "one", { gracePeriodSeconds: 0 });
    await eventually(async () => expect(await own()).toHaveLength(0));
    expect((await client.get(volumeAttachments, undefined, made.metadata.name)).metadata.uid).toBe(
      made.metadata.uid,
    );
  });

  it("is attached to one node after the other where only one may have it", async () => {
    await addVolume(world, volumeName);
    await addPod(world, "a", node1);
    await eventually(async () => expect(await attachedTo()).toEqual([node1]));
    await addPod(world, "b", node2);
    await eventually(async () =>
      expect(await news()).toContain(
        `FailedAttachVolume: Multi-Attach error for volume "${volumeName}" Volume is already used by pod(s) a`,
      ),
    );
    expect(await attachedTo()).toEqual([node1]);
    await remove("a");
    await eventually(async () => expect(await attachedTo()).toEqual([node2]));
  });

  it("is attached to several nodes where they may share it, and to none where the driver needs that not", async () => {
    await addVolume(world, volumeName, { accessModes: ["ReadWriteMany"] });
    await addPod(world, "a", node1);
    await addPod(world, "b", node2);
    await eventually(async () => expect((await attachedTo()).sort()).toEqual([node1, node2]));

    const other = { client: plane.client, namespace: await plane.namespace() };
    await plane.client.create(csiDrivers, {
      metadata: { name: "share.example.com" },
      spec: { attachRequired: false },
    });
    const shared = `${other.namespace}-share`;
    // The driver is known before its volume.
    await eventually(() => plane.client.get(csiDrivers, undefined, "share.example.com"));
    await addVolume(other, shared, { driver: "share.example.com" });
    await addPod(other, "a", node1);
    await clock.advance(1000);
    const all = (await plane.client.list(volumeAttachments)).items;
    expect(all.filter(({ spec }) => spec.source.persistentVolumeName === shared)).toEqual([]);
  });

  it("that cannot be attached is told of once", async () => {
    await addVolume(world, volumeName);
    await addPod(world, "a", node1);
    await eventually(async () => expect(await attachedTo()).toEqual([node1]));
    await setStatus({ attached: false, attachError: { message: "no such disk" } });
    const told = `FailedAttachVolume: AttachVolume.Attach failed for volume "${volumeName}" : no such disk`;
    await eventually(async () => expect(await news()).toContain(told));
    expect(await toldNode(node1)).toEqual([]);
  });

  it("is taken from a node that has said nothing for six minutes, or is out of service", async () => {
    await addVolume(world, volumeName);
    await addPod(world, "a", node1);
    await eventually(async () => expect(await attachedTo()).toEqual([node1]));
    await setNode(node1, { volumesInUse: [UNIQUE] });
    await remove("a");
    await clock.advance(5 * 60_000);
    expect(await attachedTo()).toEqual([node1]);
    await clock.advance(61_000);
    await eventually(async () => expect(await attachedTo()).toEqual([]));
  });
});

/** Attachments have no labels, by which worlds are told apart; these get the one of their node's world. */
function labelling(client: KubeClient): KubeClient {
  return new Proxy(client, {
    get(target, method) {
      const own = Reflect.get(target, method).bind(target);
      if (method !== "create") return own;
      return (resource: unknown, object: { metadata: object; spec?: { nodeName?: string } }) => {
        const world = object.spec?.nodeName?.replace(/-n\d$/, "");
        return own(resource, { ...object, metadata: { ...object.metadata, labels: { world } } });
      };
    },
  });
}

describe("attachments under faults", () => {
  let plane: ControlPlane;
  let expected: unknown;
  const scenario: Scenario = {
    controllers: {
      "attachdetach-controller": (dependencies) =>
        createAttachDetachController({ ...dependencies, client: labelling(dependencies.client) }),
    },
    worldLabel: "world",
    async prepare({ client, namespace }) {
      for (const name of ["n1", "n2"])
        await client.create(nodes, {
          metadata: { name: `${namespace}-${name}`, labels: { world: namespace } },
        });
    },
    async play(world) {
      const { client, namespace } = world;
      await addVolume(world, `${namespace}-v`);
      await addPod(world, "a", `${namespace}-n1`);
      await eventually(async () => expect(await attachedIn(world)).toEqual(["n1"]));
      await addPod(world, "b", `${namespace}-n2`);
      await client.delete(pods, namespace, "a", { gracePeriodSeconds: 0 });
    },
    outcome: async (world) => ({ attachedTo: await attachedIn(world) }),
  };
  const attachedIn = async ({ client, namespace }: World) =>
    (await client.list(volumeAttachments)).items
      .filter(({ spec }) => spec.source.persistentVolumeName === `${namespace}-v`)
      .map(({ spec }) => spec.nodeName.slice(namespace.length + 1));

  beforeAll(async () => {
    plane = await ControlPlane.start();
    expected = await reference(plane, scenario);
  });
  afterAll(() => plane.stop());

  it("has a reference state", () => {
    expect(expected).toEqual({ attachedTo: ["n2"] });
  });
  itConverges(() => ({ plane, scenario, expected }), { writes: 2, events: 7 });
});
