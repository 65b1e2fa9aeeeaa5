import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { namespaces, nodes, persistentVolumeClaims, pods } from "../../api/index.ts";
import { createNamespaceController } from "../namespace/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { reference, type Scenario } from "../testing/convergence.ts";
import { eventually } from "../testing/eventually.ts";
import { itConverges } from "../testing/fault-tests.ts";
import { claim, node, pod } from "../testing/objects.ts";
import { createPvcProtectionController } from "./index.ts";

const FINALIZER = "kubernetes.io/pvc-protection";
const mounting = (claimName: string) => [{ name: "v", persistentVolumeClaim: { claimName } }];
const onNode = (volumes: object[]) => ({ nodeName: "node-1", volumes });

describe("the claim protection controller", () => {
  let plane: ControlPlane;
  let namespace: string;
  beforeAll(async () => {
    plane = await ControlPlane.start();
    await plane.client.create(nodes, node("node-1"));
    await plane.run({
      "pvc-protection-controller": createPvcProtectionController,
      "namespace-controller": createNamespaceController,
    });
  });
  beforeEach(async () => {
    namespace = await plane.namespace();
  });
  afterAll(() => plane.stop());

  const names = async () =>
    (await plane.client.list(persistentVolumeClaims, { namespace })).items.map((one) => one.metadata.name);
  const removePod = (name: string) => plane.client.delete(pods, namespace, name, { gracePeriodSeconds: 0 });
  const remains = async (...expected: string[]) => {
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await names()).toEqual(expected);
  };

  it("lets a claim go that nobody uses, also where a pod names it that has no node", async () => {
    const { client } = plane;
    for (const name of ["a", "b"]) await client.create(persistentVolumeClaims, claim(name, namespace));
    await client.create(pods, pod("p", namespace, {}, { volumes: mounting("b") }));
    for (const name of ["a", "b"]) await client.delete(persistentVolumeClaims, namespace, name);
    await eventually(async () => expect(await names()).toEqual([]));
  });

  it("keeps it while a pod on a node uses it, running or not", async () => {
    const { client } = plane;
    await client.create(persistentVolumeClaims, claim("a", namespace));
    for (const name of ["p", "q"]) await client.create(pods, pod(name, namespace, {}, onNode(mounting("a"))));
    await client.patch(
      pods,
      namespace,
      "q",
      "merge",
      { status: { phase: "Succeeded" } },
      { subresource: "status" },
    );
    await client.delete(persistentVolumeClaims, namespace, "a");
    await removePod("p");
    await remains("a");
    await removePod("q");
    await eventually(async () => expect(await names()).toEqual([]));
  });

  it("keeps a pod's own claim until the pod is shut down, even where its object stays", async () => {
    const { client } = plane;
    const volumes = [{ name: "v", ephemeral: { volumeClaimTemplate: { spec: claim("", "").spec } } }];
    const own = pod("p", namespace, {}, onNode(volumes));
    const { metadata } = await client.create(pods, {
      ...own,
      metadata: { ...own.metadata, finalizers: ["example.com/hold"] },
    });
    const owner = { apiVersion: "v1", kind: "Pod", name: "p", uid: metadata.uid, controller: true };
    const made = claim("p-v", namespace);
    await client.create(persistentVolumeClaims, {
      ...made,
      metadata: { ...made.metadata, ownerReferences: [owner] },
    });
    await client.delete(persistentVolumeClaims, namespace, "p-v");
    await remains("p-v");
    await removePod("p");
    await eventually(async () => expect(await names()).toEqual([]));
    await client.patch(pods, namespace, "p", "merge", { metadata: { finalizers: null } });
  });

  it("takes no claim for a pod's own that only bears its name", async () => {
    const { client } = plane;
    const volumes = [{ name: "v", ephemeral: { volumeClaimTemplate: { spec: claim("", "").spec } } }];
    await client.create(pods, pod("p", namespace, {}, onNode(volumes)));
    await client.create(persistentVolumeClaims, claim("p-v", namespace));
    await client.delete(persistentVolumeClaims, namespace, "p-v");
    await eventually(async () => expect(await names()).toEqual([]));
  });

  it("protects claims from which the finalizer was taken", async () => {
    const { client } = plane;
    await client.create(persistentVolumeClaims, claim("a", namespace));
    await client.patch(persistentVolumeClaims, namespace, "a", "merge", {
      metadata: { finalizers: ["example.com/other"] },
    });
    await eventually(async () =>
      expect((await client.get(persistentVolumeClaims, namespace, "a")).metadata.finalizers).toEqual([
        "example.com/other",
        FINALIZER,
      ]),
    );
  });

  it("lets a namespace with claims end", async () => {
    const { client } = plane;
    await client.create(persistentVolumeClaims, claim("a", namespace));
    await client.delete(namespaces, undefined, namespace);
    await eventually(() =>
      expect(client.get(namespaces, undefined, namespace)).rejects.toMatchObject({ kind: "NotFound" }),
    );
  });
});

describe("the claim protection controller under faults", () => {
  let plane: ControlPlane;
  let expected: unknown;
  const scenario: Scenario = {
    controllers: { "pvc-protection-controller": createPvcProtectionController },
    async play({ client, namespace }) {
      for (const name of ["used", "free", "freed", "kept"])
        await client.create(persistentVolumeClaims, claim(name, namespace));
      for (const name of ["used", "freed"])
        await client.create(pods, pod(name, namespace, {}, onNode(mounting(name))));
      await client.patch(persistentVolumeClaims, namespace, "kept", "merge", {
        metadata: { finalizers: null },
      });
      for (const name of ["used", "free", "freed"])
        await client.delete(persistentVolumeClaims, namespace, name);
      await client.delete(pods, namespace, "freed", { gracePeriodSeconds: 0 });
    },
    async outcome({ client, namespace }) {
      const { items } = await client.list(persistentVolumeClaims, { namespace });
      return items.map(({ metadata }) => [metadata.name, metadata.finalizers]).sort();
    },
  };

  beforeAll(async () => {
    plane = await ControlPlane.start();
    await plane.client.create(nodes, node("node-1"));
    expected = await reference(plane, scenario);
  });
  afterAll(() => plane.stop());

  it("has a reference state", () => {
    expect(expected).toEqual([
      ["kept", [FINALIZER]],
      ["used", [FINALIZER]],
    ]);
  });

  itConverges(() => ({ plane, scenario, expected }), { writes: 2, events: 8 });
});
