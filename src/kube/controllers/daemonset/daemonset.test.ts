import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DaemonSet, Pod } from "../../api/index.ts";
import { controllerRevisions, daemonSets, events, nodes, pods as podsResource } from "../../api/index.ts";
import { ControlPlane, type Running } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { daemonSet, pod, podTemplate } from "../testing/objects.ts";
import { PodActor } from "../testing/pod-actor.ts";
import { readyNode } from "../testing/ready-node.ts";
import { targetNodeOf } from "./daemon-pod.ts";
import { createDaemonSetController } from "./index.ts";

const failedPodBackoff = { initialMs: 400, maxMs: 400 };

describe("the DaemonSet controller", () => {
  let plane: ControlPlane;
  let running: Running;
  let actor: PodActor;
  let namespace: string;
  let isReady: (pod: Pod) => boolean;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    namespace = await plane.namespace();
    for (const name of ["n1", "n2", "n3"]) await readyNode(plane.client, name, { at: name });
    running = await plane.run({
      "daemon-set-controller": (dependencies) =>
        createDaemonSetController({ ...dependencies, failedPodBackoff }),
    });
    isReady = () => true;
    actor = await PodActor.start(plane.client, {
      isReady: (one) => isReady(one),
      node: (one) => targetNodeOf(one)!,
    });
  });
  afterEach(async () => {
    await actor.stop();
    await running.stop();
    await plane.stop();
  });

  const create = (spec: object = {}, name = "agent"): Promise<DaemonSet> =>
    plane.client.create(daemonSets, daemonSet(name, namespace, spec));
  const change = (spec: object) => plane.client.patch(daemonSets, namespace, "agent", "merge", { spec });
  const roll = (image: string) => change({ template: podTemplate({ app: "agent" }, image) });
  const setTaints = (name: string, ...taints: object[]) =>
    plane.client.patch(nodes, undefined, name, "merge", { spec: { taints } });
  const podsNow = async () => (await plane.client.list(podsResource, { namespace })).items;
  const places = async () => (await podsNow()).map((one) => targetNodeOf(one)).sort();
  const imagesAt = async () =>
    (await podsNow()).map((one) => `${targetNodeOf(one)} ${one.spec.containers[0]!.image}`).sort();
  const until = (status: object, name = "agent") =>
    eventually(async () => {
      const set = await plane.client.get(daemonSets, namespace, name);
      expect(set.status).toMatchObject(status);
      return set;
    });
  const news = async () => {
    const { items } = await plane.client.list(events, { namespace });
    return items.map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
  };
  const fail = (name: string) =>
    plane.client.patch(
      podsResource,
      namespace,
      name,
      "merge",
      { status: { phase: "Failed" } },
      { subresource: "status" },
    );
  const pause = () => new Promise((resolve) => setTimeout(resolve, 60));

  it("makes a pod for each node, which no other node may take", async () => {
    const made = await create();
    const { status } = await until({ numberAvailable: 3 });
    expect(status).toEqual({
      currentNumberScheduled: 3,
      desiredNumberScheduled: 3,
      numberMisscheduled: 0,
      numberReady: 3,
      numberAvailable: 3,
      updatedNumberScheduled: 3,
      observedGeneration: 1,
    });
    expect(await places()).toEqual(["n1", "n2", "n3"]);
    const [revision] = (await plane.client.list(controllerRevisions, { namespace })).items;
    const hash = revision!.metadata.labels!["controller-revision-hash"]!;
    expect(revision!.metadata.name).toBe(`agent-${hash}`);
    const one = (await podsNow())[0]!;
    expect(one).toMatchObject({
      metadata: {
        generateName: "agent-",
        labels: { app: "agent", "controller-revision-hash": hash, "pod-template-generation": "1" },
        ownerReferences: [{ kind: "DaemonSet", uid: made.metadata.uid, controller: true }],
      },
      spec: {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                { matchFields: [{ key: "metadata.name", operator: "In", values: [targetNodeOf(one)] }] },
              ],
            },
          },
        },
      },
    });
    const borne = one.spec.tolerations!.map(({ key, effect }) => `${key!.split("/")[1]}:${effect}`);
    expect(borne).toEqual([
      "not-ready:NoExecute",
      "unreachable:NoExecute",
      "disk-pressure:NoSchedule",
      "memory-pressure:NoSchedule",
      "pid-pressure:NoSchedule",
      "unschedulable:NoSchedule",
    ]);
    await eventually(async () =>
      expect(await news()).toContain(`Normal SuccessfulCreate: Created pod: ${one.metadata.name}`),
    );
  });

  it("follows nodes that come, go, are labelled and tainted", async () => {
    const template = podTemplate({ app: "agent" });
    await create({ template: { ...template, spec: { ...template.spec, nodeSelector: { at: "n1" } } } });
    await until({ desiredNumberScheduled: 1, numberReady: 1 });
    await plane.client.patch(nodes, undefined, "n2", "merge", { metadata: { labels: { at: "n1" } } });
    await until({ desiredNumberScheduled: 2, numberReady: 2 });
    await readyNode(plane.client, "n4", { at: "n1" });
    await until({ desiredNumberScheduled: 3, numberReady: 3 });
    // What may not come may stay, unless it has to leave.
    await setTaints("n4", { key: "k", effect: "NoSchedule" });
    await until({ desiredNumberScheduled: 2, numberMisscheduled: 1, numberReady: 2 });
    expect(await places()).toEqual(["n1", "n2", "n4"]);
    await setTaints("n4", { key: "k", effect: "NoExecute" });
    await until({ desiredNumberScheduled: 2, numberMisscheduled: 0 });
    expect(await places()).toEqual(["n1", "n2"]);
    await setTaints("n2", { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" });
    await pause();
    expect((await until({ desiredNumberScheduled: 2 })).status!.numberMisscheduled).toBe(0);
    await plane.client.patch(nodes, undefined, "n2", "merge", { metadata: { labels: { at: "n2" } } });
    await until({ desiredNumberScheduled: 1, numberMisscheduled: 0 });
    expect(await places()).toEqual(["n1"]);
  });

  it("removes pods that wait for a node that is gone", async () => {
    actor.pause();
    await create();
    await until({ currentNumberScheduled: 3 });
    await plane.client.delete(nodes, undefined, "n3");
    await until({ desiredNumberScheduled: 2 });
    await eventually(async () => expect(await places()).toEqual(["n1", "n2"]));
  });

  it("replaces failed pods, one that fails again after a while", async () => {
    await create();
    await until({ numberReady: 3 });
    const failOnN1 = async () => {
      const one = (await podsNow()).find(
        (pod) => targetNodeOf(pod) === "n1" && pod.status?.phase === "Running",
      );
      await fail(one!.metadata.name);
      const startedMs = performance.now();
      await eventually(async () => {
        const now = (await podsNow()).filter((pod) => targetNodeOf(pod) === "n1");
        expect(
          now.map(({ metadata, status }) => [metadata.name === one!.metadata.name, status?.phase]),
        ).toEqual([[false, "Running"]]);
      });
      return { name: one!.metadata.name, tookMs: performance.now() - startedMs };
    };
    const first = await failOnN1();
    await eventually(async () =>
      expect(await news()).toContain(
        `Warning FailedDaemonPod: Found failed daemon pod ${namespace}/${first.name} on node n1, will try to kill it`,
      ),
    );
    const second = await failOnN1();
    expect(first.tookMs + second.tookMs).toBeGreaterThan(failedPodBackoff.initialMs - 50);
  });

  it("updates as many nodes at a time as may be without a pod, and keeps to a limited history", async () => {
    await create({ revisionHistoryLimit: 1 });
    await until({ numberAvailable: 3 });
    isReady = (one) => one.spec.containers[0]!.image !== "broken";
    await roll("broken");
    await until({ updatedNumberScheduled: 1, numberUnavailable: 1, observedGeneration: 2 });
    await pause();
    expect((await imagesAt()).filter((text) => text.endsWith("broken"))).toHaveLength(1);
    // Back again the pods that were not touched are not made anew.
    const kept = (await podsNow()).filter((one) => isReady(one)).map(({ metadata }) => metadata.uid);
    await roll("web:1");
    await until({ updatedNumberScheduled: 3, numberAvailable: 3 });
    expect((await podsNow()).map(({ metadata }) => metadata.uid)).toEqual(expect.arrayContaining(kept));
    await change({ updateStrategy: { rollingUpdate: { maxUnavailable: "100%" } } });
    await roll("web:2");
    await until({ updatedNumberScheduled: 3, numberAvailable: 3, observedGeneration: 5 });
    expect(await imagesAt()).toEqual(["n1 web:2", "n2 web:2", "n3 web:2"]);
    await eventually(async () => {
      const { items } = await plane.client.list(controllerRevisions, { namespace });
      expect(items.map(({ revision }) => revision).sort()).toEqual([3, 4]);
    });
  });

  it("brings new pods beside old ones where they may surge", async () => {
    await create({ updateStrategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } });
    await until({ numberAvailable: 3 });
    // On each node the oldest pod counts, and times have whole seconds.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    isReady = (one) => one.spec.containers[0]!.image !== "web:2";
    await roll("web:2");
    await eventually(async () => expect(await podsNow()).toHaveLength(4));
    await pause();
    expect(await podsNow()).toHaveLength(4);
    expect((await until({ numberAvailable: 3 })).status!.numberUnavailable).toBeUndefined();
    isReady = () => true;
    await actor.look();
    await until({ updatedNumberScheduled: 3, numberAvailable: 3 });
    await eventually(async () => expect(await imagesAt()).toEqual(["n1 web:2", "n2 web:2", "n3 web:2"]));
  });

  it("leaves outdated pods to whoever deletes them where it is told so", async () => {
    await create({ updateStrategy: { type: "OnDelete" } });
    await until({ numberReady: 3 });
    await roll("web:2");
    await until({ observedGeneration: 2 });
    await pause();
    expect(await imagesAt()).toEqual(["n1 web:1", "n2 web:1", "n3 web:1"]);
    const one = (await podsNow()).find((pod) => targetNodeOf(pod) === "n2")!;
    await plane.client.delete(podsResource, namespace, one.metadata.name);
    await eventually(async () => expect(await imagesAt()).toEqual(["n1 web:1", "n2 web:2", "n3 web:1"]));
  });

  it("puts right what others write into the counts of its status, and leaves conditions alone", async () => {
    await create();
    const { status } = await until({ numberAvailable: 3 });
    const conditions = [{ type: "Mine", status: "True" }];
    await plane.client.patch(
      daemonSets,
      namespace,
      "agent",
      "merge",
      { status: { numberMisscheduled: 7, conditions } },
      { subresource: "status" },
    );
    await until({ ...status, conditions });
    await pause();
    await until({ ...status, conditions });
  });

  it("waits until pods have been ready for long enough", async () => {
    await create({ minReadySeconds: 2 });
    await until({ numberReady: 3, numberUnavailable: 3 });
    await until({ numberReady: 3, numberAvailable: 3 });
  });

  it("takes in one pod a node, deletes the others, and does not fight for pods of another set", async () => {
    for (const name of ["o1", "o2"])
      await plane.client.create(podsResource, pod(name, namespace, { app: "agent" }, { nodeName: "n1" }));
    await create({ updateStrategy: { type: "OnDelete" } });
    await until({ numberReady: 3, desiredNumberScheduled: 3 });
    await eventually(async () => expect(await places()).toEqual(["n1", "n2", "n3"]));
    expect((await podsNow()).map(({ metadata }) => metadata.name)).toContain("o1");
    const template = podTemplate({ app: "agent" });
    await create({ template, selector: { matchLabels: { app: "agent" } } }, "rival");
    await until({ numberReady: 3 }, "rival");
    expect(await podsNow()).toHaveLength(6);
    const versions = async () => (await podsNow()).map(({ metadata }) => metadata.resourceVersion);
    const before = await versions();
    await pause();
    expect(await versions()).toEqual(before);
  });

  it("keeps the newer of two revisions that are alike, and makes its pods that one's", async () => {
    await create();
    await until({ numberReady: 3 });
    const [first] = (await plane.client.list(controllerRevisions, { namespace })).items;
    const { labels, ownerReferences } = first!.metadata;
    await plane.client.create(controllerRevisions, {
      metadata: {
        name: "twin",
        namespace,
        labels: { ...labels, "controller-revision-hash": "twin" },
        ...(ownerReferences ? { ownerReferences } : {}),
      },
      data: first!.data,
      revision: 2,
    });
    await change({ minReadySeconds: 0, revisionHistoryLimit: 3 });
    await eventually(async () => {
      const { items } = await plane.client.list(controllerRevisions, { namespace });
      expect(items.map((one) => one.metadata.name)).toEqual(["twin"]);
      const hashes = (await podsNow()).map((one) => one.metadata.labels!["controller-revision-hash"]);
      expect(hashes).toEqual(["twin", "twin", "twin"]);
    });
  });
});
