import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { EndpointSlice } from "../../api/index.ts";
import {
  endpointSlices,
  endpoints as endpointsResource,
  nodes,
  pods as podsResource,
  services,
} from "../../api/index.ts";
import { createEndpointsController } from "../endpoints/index.ts";
import { createEndpointSliceMirroringController } from "../endpointslice-mirroring/index.ts";
import { createGarbageCollector } from "../garbage-collector/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { node, pod, service } from "../testing/objects.ts";
import { PodActor, type PodActorOptions } from "../testing/pod-actor.ts";
import { createEndpointSliceController } from "./index.ts";

const controllers = {
  "endpointslice-controller": createEndpointSliceController,
  "endpoint-controller": createEndpointsController,
  "endpointslicemirroring-controller": createEndpointSliceMirroringController,
  "generic-garbage-collector": createGarbageCollector,
};

describe("the EndpointSlice and Endpoints controllers", () => {
  let plane: ControlPlane;
  let actor: PodActor | undefined;
  let namespace: string;
  beforeAll(async () => {
    plane = await ControlPlane.start();
    await plane.client.create(nodes, node("node-1", { "topology.kubernetes.io/zone": "east" }));
    await plane.run(controllers);
  });
  afterAll(() => plane.stop());
  afterEach(async () => {
    await actor?.stop();
    actor = undefined;
  });

  const begin = async (options?: PodActorOptions): Promise<void> => {
    namespace = await plane.namespace();
    actor = await PodActor.start(plane.client, options);
  };
  const createPod = (name: string, spec: object = {}, labels: Record<string, string> = { app: "web" }) =>
    plane.client.create(podsResource, pod(name, namespace, labels, spec));
  const createService = (spec: object = {}) => plane.client.create(services, service("web", namespace, spec));
  const slices = async (): Promise<EndpointSlice[]> =>
    (await plane.client.list(endpointSlices, { namespace })).items;
  const endpoints = () => plane.client.get(endpointsResource, namespace, "web");
  const shown = async () =>
    Object.fromEntries(
      (await slices()).flatMap((slice) =>
        (slice.endpoints ?? []).map((one) => [one.targetRef?.name, Object.values(one.conditions!)]),
      ),
    );

  it("makes a slice that belongs to the Service", async () => {
    await begin();
    await plane.client.create(services, {
      ...service("web", namespace),
      metadata: { name: "web", namespace, labels: { team: "a" } },
    });
    const made = await createPod("a");
    await eventually(async () => expect((await slices())[0]?.endpoints).toHaveLength(1));
    const [slice] = await slices();
    const owner = await plane.client.get(services, namespace, "web");
    expect(slice!.metadata).toMatchObject({
      generateName: "web-",
      labels: {
        team: "a",
        "kubernetes.io/service-name": "web",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
      },
      ownerReferences: [
        {
          apiVersion: "v1",
          kind: "Service",
          name: "web",
          uid: owner.metadata.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    });
    expect(slice).toMatchObject({
      addressType: "IPv4",
      ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    });
    await eventually(async () => expect((await slices())[0]!.endpoints![0]!.conditions!.ready).toBe(true));
    const { podIP } = (await plane.client.get(podsResource, namespace, "a")).status!;
    const targetRef = { kind: "Pod", namespace, name: "a", uid: made.metadata.uid };
    expect((await slices())[0]!.endpoints).toEqual([
      {
        addresses: [podIP],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: "node-1",
        zone: "east",
        targetRef,
      },
    ]);
    const older = await eventually(async () => {
      const older = await endpoints();
      expect(older.subsets![0]!.addresses).toHaveLength(1);
      return older;
    });
    expect(older.metadata.labels).toEqual({
      team: "a",
      "endpoints.kubernetes.io/managed-by": "endpoint-controller",
    });
    expect(older.subsets).toEqual([
      {
        addresses: [{ ip: podIP, nodeName: "node-1", targetRef }],
        ports: [{ name: "http", port: 8080, protocol: "TCP" }],
      },
    ]);
  });

  it("tells ready, not ready and terminating pods apart", async () => {
    await begin({ isReady: (one) => one.metadata.name !== "slow" });
    await createService();
    for (const name of ["fast", "slow", "going"]) await createPod(name);
    await eventually(async () =>
      expect(await shown()).toEqual({
        fast: [true, true, false],
        slow: [false, false, false],
        going: [true, true, false],
      }),
    );
    actor!.pause();
    await plane.client.delete(podsResource, namespace, "going");
    await eventually(async () =>
      expect(await shown()).toEqual({
        fast: [true, true, false],
        slow: [false, false, false],
        going: [false, true, true],
      }),
    );
    await eventually(async () => {
      const [subset] = (await endpoints()).subsets!;
      expect(subset!.addresses!.map((one) => one.targetRef!.name)).toEqual(["fast"]);
      expect(subset!.notReadyAddresses!.map((one) => one.targetRef!.name)).toEqual(["slow"]);
    });
    await plane.client.patch(services, namespace, "web", "merge", {
      spec: { publishNotReadyAddresses: true },
    });
    await eventually(async () =>
      expect(await shown()).toEqual({
        fast: [true, true, false],
        slow: [true, false, false],
        going: [true, true, true],
      }),
    );
    await eventually(async () => expect((await endpoints()).subsets![0]!.addresses).toHaveLength(3));
    await actor!.look();
    await eventually(async () => expect(Object.keys(await shown()).sort()).toEqual(["fast", "slow"]));
  });

  it("follows named ports, which may differ from pod to pod", async () => {
    await begin();
    await createService({
      ports: [
        { name: "http", port: 80, targetPort: "web" },
        { name: "fix", port: 81, targetPort: 9000 },
      ],
    });
    const withPort = (containerPort: number) => ({
      containers: [{ name: "c", image: "i", ports: [{ name: "web", containerPort }] }],
    });
    await createPod("a", withPort(8080));
    await createPod("b", withPort(8081));
    await createPod("c");
    await eventually(async () => {
      const found = (await slices()).map((slice) => [
        slice.ports!.map((port) => port.port).join(),
        slice.endpoints.map((one) => one.targetRef!.name).join(),
      ]);
      expect(found.sort()).toEqual([
        ["8080,9000", "a"],
        ["8081,9000", "b"],
        ["9000", "c"],
      ]);
    });
    await eventually(async () => expect((await endpoints()).subsets).toHaveLength(3));
  });

  it("spreads more than 100 pods over slices, and writes one for a change of one pod", async () => {
    await begin();
    await createService();
    await Promise.all(Array.from({ length: 205 }, (_, index) => createPod(`p-${index}`)));
    await eventually(async () => {
      const found = await slices();
      expect(found.flatMap((slice) => slice.endpoints.filter((one) => one.conditions!.ready))).toHaveLength(
        205,
      );
      expect(found.length).toBeLessThanOrEqual(4);
    });
    const names = (await slices()).flatMap((slice) => slice.endpoints.map((one) => one.targetRef!.name));
    expect(new Set(names).size).toBe(205);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = new Map(
      (await slices()).map((slice) => [slice.metadata.name, slice.metadata.resourceVersion]),
    );
    await plane.client.delete(podsResource, namespace, "p-7", { gracePeriodSeconds: 0 });
    await eventually(async () =>
      expect((await slices()).flatMap((slice) => slice.endpoints)).toHaveLength(204),
    );
    const changed = (await slices()).filter(
      (slice) => before.get(slice.metadata.name) !== slice.metadata.resourceVersion,
    );
    expect(changed).toHaveLength(1);
  });

  it("leaves Services without a selector and of type ExternalName alone", async () => {
    await begin();
    await plane.client.create(services, service("web", namespace, { selector: null }));
    await plane.client.create(
      services,
      service("outside", namespace, { type: "ExternalName", externalName: "example.com" }),
    );
    const own = {
      metadata: { name: "by-hand", namespace, labels: { "kubernetes.io/service-name": "web" } },
      addressType: "IPv4",
      endpoints: [{ addresses: ["192.0.2.1"] }],
      ports: [],
    };
    await plane.client.create(endpointSlices, own);
    await createPod("a", {}, { app: "outside" });
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect((await slices()).map((slice) => slice.metadata.name)).toEqual(["by-hand"]);
    await expect(endpoints()).rejects.toMatchObject({ kind: "NotFound" });
  });

  it("mirrors Endpoints that were written by hand, until they go", async () => {
    await begin();
    await plane.client.create(services, service("web", namespace, { selector: null }));
    const subsets = [
      { addresses: [{ ip: "192.0.2.1" }, { ip: "192.0.2.2" }], ports: [{ port: 5432, name: "http" }] },
    ];
    const made = await plane.client.create(endpointsResource, {
      metadata: { name: "web", namespace },
      subsets,
    });
    await eventually(async () =>
      expect((await slices()).map((slice) => slice.endpoints.map((one) => one.addresses[0]))).toEqual([
        ["192.0.2.1", "192.0.2.2"],
      ]),
    );
    const [slice] = await slices();
    expect(slice!.metadata.labels).toEqual({
      "kubernetes.io/service-name": "web",
      "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
    });
    expect(slice!.metadata.ownerReferences).toMatchObject([{ kind: "Endpoints", uid: made.metadata.uid }]);
    await plane.client.patch(endpointsResource, namespace, "web", "merge", {
      subsets: [{ addresses: [{ ip: "192.0.2.9" }], ports: [{ port: 5432, name: "http" }] }],
    });
    await eventually(async () =>
      expect((await slices()).map((one) => one.endpoints![0]!.addresses![0])).toEqual(["192.0.2.9"]),
    );
    expect((await slices())[0]!.metadata.name).toBe(slice!.metadata.name);
    await plane.client.delete(endpointsResource, namespace, "web");
    await eventually(async () => expect(await slices()).toEqual([]));
  });

  it("makes anew what somebody deletes, follows labels, and goes with the Service", async () => {
    await begin();
    await createService();
    await createPod("a");
    await eventually(async () => {
      expect(Object.keys(await shown())).toEqual(["a"]);
      expect((await endpoints()).subsets).toHaveLength(1);
    });
    const [first] = await slices();
    await plane.client.delete(endpointSlices, namespace, first!.metadata.name);
    await plane.client.delete(endpointsResource, namespace, "web");
    await eventually(async () => {
      const found = await slices();
      expect(found).toHaveLength(1);
      expect(found[0]!.metadata.name).not.toBe(first!.metadata.name);
      expect((await endpoints()).subsets).toHaveLength(1);
    });
    await plane.client.patch(services, namespace, "web", "merge", { metadata: { labels: { team: "b" } } });
    await eventually(async () => {
      expect((await slices())[0]!.metadata.labels!.team).toBe("b");
      expect((await endpoints()).metadata.labels!.team).toBe("b");
    });
    await plane.client.delete(services, namespace, "web");
    await eventually(async () => {
      expect(await slices()).toEqual([]);
      await expect(endpoints()).rejects.toMatchObject({ kind: "NotFound" });
    });
  });

  it("has no twins after a Service was deleted and made again", async () => {
    await begin();
    await createPod("a");
    for (let round = 0; round < 5; round++) {
      await createService();
      await eventually(async () => expect(Object.keys(await shown())).toEqual(["a"]));
      await plane.client.delete(services, namespace, "web");
    }
    const last = await createService();
    await eventually(async () => {
      const found = await slices();
      expect(found).toHaveLength(1);
      expect(found[0]!.metadata.ownerReferences![0]!.uid).toBe(last.metadata.uid);
      expect(found[0]!.endpoints).toHaveLength(1);
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await slices()).toHaveLength(1);
  });

  it("leaves out pods of a node that is gone", async () => {
    await begin({ node: () => "node-2" });
    await plane.client.create(nodes, node("node-2"));
    await createService();
    await createPod("a");
    await eventually(async () => expect(Object.keys(await shown())).toEqual(["a"]));
    await plane.client.delete(nodes, undefined, "node-2");
    await eventually(async () => expect(await shown()).toEqual({}));
    await eventually(async () => expect((await endpoints()).subsets ?? []).toEqual([]));
  });
});
