import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ReplicaSet } from "../../api/index.ts";
import {
  deployments as deploymentsResource,
  events,
  pods as podsResource,
  replicaSets as replicaSetsResource,
} from "../../api/index.ts";
import { createReplicaSetController } from "../replicaset/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { deployment, podTemplate } from "../testing/objects.ts";
import { PodActor, type PodActorOptions } from "../testing/pod-actor.ts";
import { createDeploymentController } from "./index.ts";
import { boundsOf } from "./rollout.ts";

const REVISION = "deployment.kubernetes.io/revision";
const controllers = {
  "deployment-controller": createDeploymentController,
  "replicaset-controller": createReplicaSetController,
};

describe("the Deployment controller", () => {
  let plane: ControlPlane;
  let actor: PodActor | undefined;
  let namespace: string;
  beforeAll(async () => {
    plane = await ControlPlane.start();
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
  const create = (replicas: number, spec: object = {}) =>
    plane.client.create(deploymentsResource, deployment("web", namespace, replicas, spec));
  const get = () => plane.client.get(deploymentsResource, namespace, "web");
  const patch = (body: object) => plane.client.patch(deploymentsResource, namespace, "web", "merge", body);
  const setImage = (image: string, annotations: Record<string, string> = {}) =>
    patch({ metadata: { annotations }, spec: { template: podTemplate({ app: "web" }, image) } });
  const sets = async (): Promise<ReplicaSet[]> =>
    (await plane.client.list(replicaSetsResource, { namespace })).items;
  const imageOf = (set: ReplicaSet): string => set.spec.template!.spec!.containers[0]!.image!;
  const setOf = async (image: string): Promise<ReplicaSet> =>
    (await sets()).find((set) => imageOf(set) === image)!;
  const sizes = async () =>
    Object.fromEntries((await sets()).map((set) => [imageOf(set), set.spec.replicas]));
  const condition = async (type: string) =>
    (await get()).status!.conditions?.find((one) => one.type === type);

  /** As `kubectl rollout status` decides (deployment_status.go in kubectl). */
  const isRolledOut = async (): Promise<boolean> => {
    const { metadata, spec, status } = await get();
    if (metadata.generation! > (status!.observedGeneration ?? 0)) return false;
    const { updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = status!;
    return (
      updatedReplicas >= spec.replicas! && replicas <= updatedReplicas && availableReplicas >= updatedReplicas
    );
  };
  const rolledOut = () => eventually(async () => expect(await isRolledOut()).toBe(true));

  it("makes a ReplicaSet and tells about it as kubectl rollout status needs", async () => {
    await begin();
    await create(3);
    await rolledOut();
    const [set] = await sets();
    expect(set!.metadata).toMatchObject({
      name: expect.stringMatching(/^web-[a-z0-9]{8,10}$/),
      labels: { app: "web", "pod-template-hash": set!.metadata.name.slice(4) },
      annotations: {
        [REVISION]: "1",
        "deployment.kubernetes.io/desired-replicas": "3",
        "deployment.kubernetes.io/max-replicas": "4",
      },
    });
    await eventually(async () =>
      expect((await condition("Progressing"))!.reason).toBe("NewReplicaSetAvailable"),
    );
    const { metadata, status } = await get();
    expect(metadata.annotations![REVISION]).toBe("1");
    expect(status).toMatchObject({
      observedGeneration: 1,
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
    });
    expect(status!.unavailableReplicas).toBeUndefined();
    expect(status!.conditions!.map((one) => [one.type, one.status, one.reason, one.message])).toEqual([
      ["Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability."],
      [
        "Progressing",
        "True",
        "NewReplicaSetAvailable",
        `ReplicaSet "${set!.metadata.name}" has successfully progressed.`,
      ],
    ]);
    const told = (await plane.client.list(events, { namespace })).items.filter(
      (one) => one.involvedObject.kind === "Deployment",
    );
    expect(told.map((one) => [one.reason, one.message])).toEqual([
      ["ScalingReplicaSet", `Scaled up replica set ${set!.metadata.name} from 0 to 3`],
    ]);
  });

  for (const [maxSurge, maxUnavailable] of [
    [1, 0],
    [0, 1],
    ["25%", "25%"],
    [3, 2],
    ["100%", 0],
  ] as const) {
    it(`keeps within maxSurge ${maxSurge} and maxUnavailable ${maxUnavailable} at every step`, async () => {
      await begin({ delayMs: () => Math.random() * 3 });
      const made = await create(7, {
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge, maxUnavailable } },
      });
      await rolledOut();
      const bounds = boundsOf(made);
      const { informers, stop } = await plane.run({});
      const pods = informers.informer(podsResource);
      await pods.synced();
      const broken: string[] = [];
      const check = () => {
        const all = [...pods.list(namespace)].filter((one) => one.metadata.deletionTimestamp === undefined);
        const ready = all.filter((one) =>
          one.status!.conditions?.some((entry) => entry.type === "Ready" && entry.status === "True"),
        );
        if (all.length > 7 + bounds.maxSurge) broken.push(`${all.length} pods`);
        if (ready.length < 7 - bounds.maxUnavailable) broken.push(`${ready.length} available`);
      };
      pods.subscribe({ onAdd: check, onUpdate: check, onDelete: check });
      for (const image of ["web:2", "web:3"]) {
        await setImage(image);
        await eventually(async () => expect(await sizes()).toMatchObject({ [image]: 7 }));
        await rolledOut();
      }
      await stop();
      expect(broken).toEqual([]);
    });
  }

  it("numbers revisions, keeps the cause of each, and rolls back to an older template", async () => {
    await begin();
    await create(1);
    await rolledOut();
    await setImage("web:2", { "kubernetes.io/change-cause": "second" });
    await rolledOut();
    expect((await setOf("web:2")).metadata.annotations).toMatchObject({
      [REVISION]: "2",
      "kubernetes.io/change-cause": "second",
    });
    await setImage("web:1", { "kubernetes.io/change-cause": "back" });
    await rolledOut();
    const back = await setOf("web:1");
    expect(back.metadata.annotations).toMatchObject({
      [REVISION]: "3",
      "deployment.kubernetes.io/revision-history": "1",
      "kubernetes.io/change-cause": "back",
    });
    expect((await get()).metadata.annotations![REVISION]).toBe("3");
    expect(await sizes()).toEqual({ "web:1": 1, "web:2": 0 });
    expect((await sets()).length).toBe(2);
  });

  it("does not roll out while paused, but scales, and goes on when resumed", async () => {
    await begin();
    await create(2);
    await rolledOut();
    await patch({ spec: { paused: true, template: podTemplate({ app: "web" }, "web:2") } });
    await eventually(async () =>
      expect(await condition("Progressing"))!.toMatchObject({
        status: "Unknown",
        reason: "DeploymentPaused",
        message: "Deployment is paused",
      }),
    );
    await patch({ spec: { replicas: 4 } });
    await eventually(async () => expect(await sizes()).toEqual({ "web:1": 4 }));
    expect((await get()).status!.updatedReplicas).toBeUndefined();
    await patch({ spec: { paused: null } });
    await rolledOut();
    expect(await sizes()).toEqual({ "web:1": 0, "web:2": 4 });
    await eventually(async () =>
      expect((await condition("Progressing"))!.reason).toBe("NewReplicaSetAvailable"),
    );
  });

  it("scales all active ReplicaSets in proportion in the midst of a rollout", async () => {
    let image = "web:1";
    await begin({ isReady: (pod) => pod.spec.containers[0]!.image === image });
    await create(10, {
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } },
    });
    await rolledOut();
    await setImage("web:2");
    await eventually(async () => expect(await sizes()).toEqual({ "web:1": 8, "web:2": 5 }));
    // The example of the Kubernetes documentation (Deployments, proportional scaling).
    await patch({ spec: { replicas: 15 } });
    await eventually(async () => expect(await sizes()).toEqual({ "web:1": 11, "web:2": 7 }));
    image = "web:2";
    await actor!.look();
    await eventually(async () => expect(await sizes()).toEqual({ "web:1": 0, "web:2": 15 }));
  });

  it("with Recreate never runs old and new pods at once", async () => {
    await begin({ delayMs: () => Math.random() * 3 });
    await create(3, { strategy: { type: "Recreate" } });
    await rolledOut();
    const mixed: string[] = [];
    const { informers, stop } = await plane.run({});
    const pods = informers.informer(podsResource);
    await pods.synced();
    const check = () => {
      const images = new Set([...pods.list(namespace)].map((one) => one.spec.containers[0]!.image));
      if (images.size > 1) mixed.push([...images].join());
    };
    pods.subscribe({ onAdd: check, onUpdate: check });
    await setImage("web:2");
    await eventually(async () => expect(await sizes()).toEqual({ "web:1": 0, "web:2": 3 }));
    await rolledOut();
    await stop();
    expect(mixed).toEqual([]);
    await eventually(async () => expect((await condition("Available"))!.status).toBe("True"));
  });

  it("keeps revisionHistoryLimit old ReplicaSets", async () => {
    await begin();
    await create(1, { revisionHistoryLimit: 2 });
    await rolledOut();
    for (let version = 2; version <= 5; version++) {
      await setImage(`web:${version}`);
      await rolledOut();
    }
    await eventually(async () =>
      expect((await sets()).map(imageOf).sort()).toEqual(["web:3", "web:4", "web:5"]),
    );
  });

  it("counts a collision of names and takes another hash", async () => {
    await begin();
    await create(1, { paused: true });
    await eventually(async () => expect((await get()).status!.observedGeneration).toBe(1));
    const { templateHash } = await import("./template.ts");
    const name = `web-${templateHash((await get()).spec.template, 0)}`;
    const foreign = {
      metadata: { name, namespace },
      spec: { replicas: 0, selector: { matchLabels: { other: "x" } }, template: podTemplate({ other: "x" }) },
    };
    await plane.client.create(replicaSetsResource, foreign);
    await patch({ spec: { paused: null } });
    await rolledOut();
    expect((await get()).status!.collisionCount).toBe(1);
    const own = (await sets()).filter((set) => set.metadata.ownerReferences);
    expect(own).toHaveLength(1);
    expect(own[0]!.metadata.name).not.toBe(name);
  });

  it("says when the progress deadline has passed, and recovers", async () => {
    let isReady = false;
    await begin({ isReady: () => isReady });
    await create(2, { progressDeadlineSeconds: 1 });
    await eventually(async () => expect((await condition("Progressing"))!.reason).toBe("ReplicaSetUpdated"));
    await eventually(async () => {
      const [set] = await sets();
      expect(await condition("Progressing"))!.toMatchObject({
        status: "False",
        reason: "ProgressDeadlineExceeded",
        message: `ReplicaSet "${set!.metadata.name}" has timed out progressing.`,
      });
    });
    isReady = true;
    await actor!.look();
    await eventually(async () =>
      expect(await condition("Progressing"))!.toMatchObject({
        status: "True",
        reason: "NewReplicaSetAvailable",
      }),
    );
  });

  it("starts the deadline of a second rollout when it makes its ReplicaSet", async () => {
    let image = "web:1";
    await begin({ isReady: (pod) => pod.spec.containers[0]!.image === image });
    await create(1, { progressDeadlineSeconds: 1 });
    await rolledOut();
    await setImage("web:2");
    await eventually(async () =>
      expect((await condition("Progressing"))!.reason).toBe("ProgressDeadlineExceeded"),
    );
    expect(await sizes()).toEqual({ "web:1": 1, "web:2": 1 });
    image = "web:2";
    await actor!.look();
    await rolledOut();
  });

  it("shows why pods cannot be made", async () => {
    await begin();
    const template = {
      metadata: { labels: { app: "web" } },
      spec: { serviceAccountName: "missing", containers: [{ name: "c", image: "i" }] },
    };
    await create(1, { template });
    await eventually(async () => {
      expect(await condition("ReplicaFailure")).toMatchObject({
        status: "True",
        reason: "FailedCreate",
        message: expect.stringContaining('serviceaccount "missing" not found'),
      });
    });
  });

  it("adopts ReplicaSets that it selects, and keeps their pods", async () => {
    await begin();
    await create(2);
    await rolledOut();
    const before = (await plane.client.list(podsResource, { namespace })).items
      .map((one) => one.metadata.uid)
      .sort();
    const [set] = await sets();
    await plane.client.delete(deploymentsResource, namespace, "web", { propagationPolicy: "Background" });
    await plane.client.patch(replicaSetsResource, namespace, set!.metadata.name, "merge", {
      metadata: { ownerReferences: null },
    });
    const next = await create(2);
    await eventually(async () =>
      expect((await sets())[0]!.metadata.ownerReferences?.[0]?.uid).toBe(next.metadata.uid),
    );
    await rolledOut();
    const after = (await plane.client.list(podsResource, { namespace })).items
      .map((one) => one.metadata.uid)
      .sort();
    expect(after).toEqual(before);
    expect(await sets()).toHaveLength(1);
  });

  it("settles without further writes", async () => {
    await begin();
    await create(3);
    await rolledOut();
    await eventually(async () =>
      expect((await condition("Progressing"))!.reason).toBe("NewReplicaSetAvailable"),
    );
    const before = (await get()).metadata.resourceVersion;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await get()).metadata.resourceVersion).toBe(before);
  });
});
