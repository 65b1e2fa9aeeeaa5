import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GantryError } from "../../../base/index.ts";
import { idle, ManualClock } from "../../../base/manual-clock.test-support.ts";
import { events, leases, nodes, pods as podsResource } from "../../api/index.ts";
import type { Informer, InformerFactory, ResourceRef } from "../../client/index.ts";
import { createPodGcController } from "../pod-gc/index.ts";
import { createTaintEvictionController } from "../taint-eviction/index.ts";
import { ControlPlane, type Running } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { node, pod } from "../testing/objects.ts";
import { together } from "../together.ts";
import { createNodeLifecycleController } from "./index.ts";
import { DEFAULT_MONITORING } from "./node-monitoring.ts";

const UNREACHABLE = "node.kubernetes.io/unreachable";
const NOT_READY = "node.kubernetes.io/not-ready";

describe("the life of nodes", () => {
  let plane: ControlPlane;
  let clock: ManualClock;
  let namespace: string;
  let running: Running;
  /** How often a node's lease was looked up: once for each look at a node. */
  let looks = 0;
  const countingLooks = (informers: InformerFactory): InformerFactory =>
    intercepted(informers, "informer", (informer) => (resource: ResourceRef) => {
      const one = informer(resource) as Informer;
      if (resource !== leases) return one;
      return intercepted(one, "get", (get) => (key: string) => {
        looks++;
        return get(key);
      });
    });
  const start = async (monitoring = DEFAULT_MONITORING): Promise<void> => {
    running = await plane.run(
      {
        // Both act as the node controller.
        "node-controller": (dependencies) =>
          together("nodes", [
            createNodeLifecycleController({
              ...dependencies,
              informers: countingLooks(dependencies.informers),
              monitoring,
            }),
            createTaintEvictionController(dependencies),
          ]),
        "pod-garbage-collector": createPodGcController,
      },
      { clock },
    );
  };
  beforeEach(async () => {
    plane = await ControlPlane.start();
    clock = new ManualClock();
    namespace = await plane.namespace();
    for (const name of ["a", "b"]) await addNode(name);
    await start();
  });
  afterEach(() => plane.stop());

  const setReady = (name: string, status: string) => {
    const types = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];
    const conditions = types.map((type) => ({
      type,
      status: type === "Ready" ? status : "False",
      lastHeartbeatTime: new Date(clock.nowMs()).toISOString(),
    }));
    return plane.client.patch(
      nodes,
      undefined,
      name,
      "strategic",
      { status: { conditions } },
      { subresource: "status" },
    );
  };
  const addNode = async (name: string): Promise<void> => {
    await plane.client.create(nodes, node(name));
    await plane.client.create(leases, {
      metadata: { name, namespace: "kube-node-lease" },
      spec: { holderIdentity: name },
    });
    await setReady(name, "True");
  };
  const beat = (name: string) =>
    plane.client.patch(leases, "kube-node-lease", name, "merge", {
      spec: { renewTime: new Date(clock.nowMs()).toISOString().replace("Z", "000Z") },
    });
  const addPod = async (name: string, nodeName: string, spec: object = {}): Promise<void> => {
    await plane.client.create(podsResource, pod(name, namespace, {}, spec));
    await plane.client.createSubresource(podsResource, namespace, name, "binding", {
      metadata: { name, namespace },
      target: { kind: "Node", name: nodeName },
    });
    const status = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
    await plane.client.patch(
      podsResource,
      namespace,
      name,
      "strategic",
      { status },
      { subresource: "status" },
    );
  };
  /** Time goes by while these nodes go on saying that they are there. */
  const pass = async (seconds: number, ...alive: string[]): Promise<void> => {
    for (let done = 0; done < seconds; done += 10) {
      for (const name of alive) await beat(name);
      await clock.advance(Math.min(10, seconds - done) * 1000);
    }
    await idle();
  };
  const getNode = (name: string) => plane.client.get(nodes, undefined, name);
  const taints = async (name: string) =>
    ((await getNode(name)).spec.taints ?? []).map((one) => `${one.key}:${one.effect}`).sort();
  const readyOf = async (name: string): Promise<string> =>
    (await getNode(name)).status!.conditions!.find((one) => one.type === "Ready")!.status;
  const podReady = async (name: string): Promise<string> =>
    (await plane.client.get(podsResource, namespace, name)).status!.conditions!.find(
      (one) => one.type === "Ready",
    )!.status;
  const podNames = async () =>
    (await plane.client.list(podsResource, { namespace })).items
      .filter((one) => !one.metadata.deletionTimestamp)
      .map((one) => one.metadata.name);
  const messages = async (reason: string) =>
    (await plane.client.list(events, {})).items
      .filter((one) => one.reason === reason)
      .map((one) => one.message);

  it("waits for as long as it is told to", async () => {
    await running.stop();
    await start({ ...DEFAULT_MONITORING, graceMs: 8_000, periodMs: 1_000 });
    const silentFor = async (seconds: number) => {
      for (let passed = 0; passed < seconds; passed++) await pass(1, "b");
    };
    await silentFor(8);
    expect(await readyOf("a")).toBe("True");
    await silentFor(2);
    expect(await readyOf("a")).toBe("Unknown");
    expect(await readyOf("b")).toBe("True");
  });

  it("takes a silent node for unreachable after 50 seconds, and its pods for not ready", async () => {
    await addPod("p", "a");
    await pass(45, "b");
    expect(await readyOf("a")).toBe("True");
    await pass(15, "b");
    const { conditions = [] } = (await getNode("a")).status!;
    expect(conditions.map((one) => [one.type, one.status, one.reason, one.message])).toEqual(
      ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"].map((type) => [
        type,
        "Unknown",
        "NodeStatusUnknown",
        "Kubelet stopped posting node status.",
      ]),
    );
    expect(await taints("a")).toEqual([`${UNREACHABLE}:NoExecute`, `${UNREACHABLE}:NoSchedule`]);
    expect((await getNode("a")).spec.taints!.every((one) => one.timeAdded)).toBe(true);
    expect(await podReady("p")).toBe("False");
    await eventually(async () =>
      expect(await messages("NodeNotReady")).toContain("Node a status is now: NodeNotReady"),
    );
    expect(await readyOf("b")).toBe("True");
    expect(await taints("b")).toEqual([]);
  });

  it("tells pods of a node that is not ready once, also what happened while it was down, and what comes there later", async () => {
    await addPod("p", "a");
    await addPod("elsewhere", "b");
    await running.stop();
    await setReady("a", "False");
    await start();
    await eventually(async () => expect(await podReady("p")).toBe("False"));
    // The node's kubelet is there, and knows better.
    const conditions = [{ type: "Ready", status: "True" }];
    const body = { status: { conditions } };
    await plane.client.patch(podsResource, namespace, "p", "strategic", body, { subresource: "status" });
    await plane.client.create(podsResource, pod("later", namespace));
    await plane.client.patch(podsResource, namespace, "later", "strategic", body, { subresource: "status" });
    await plane.client.createSubresource(podsResource, namespace, "later", "binding", {
      metadata: { name: "later", namespace },
      target: { kind: "Node", name: "a" },
    });
    await eventually(async () => expect(await podReady("later")).toBe("False"));
    expect([await podReady("p"), await podReady("elsewhere")]).toEqual(["True", "True"]);
  });

  it("tells a pod again where that failed", async () => {
    await addPod("p", "a");
    await running.stop();
    let refused = 0;
    running = await plane.run(
      {
        "node-controller": (dependencies) =>
          createNodeLifecycleController({
            ...dependencies,
            client: intercepted(dependencies.client, "patch", (patch) => (...args: unknown[]) => {
              if (refused++ === 0) return Promise.reject(new GantryError("Unavailable", "not now"));
              return patch(...args);
            }),
          }),
      },
      { clock },
    );
    await setReady("a", "False");
    for (let seconds = 0; seconds < 60 && refused < 2; seconds += 5) await clock.advance(5_000);
    await eventually(async () => expect(await podReady("p")).toBe("False"));
  });

  it("evicts pods when their toleration is over, and not others", async () => {
    await addPod("default", "a");
    await addPod("patient", "a", {
      tolerations: [{ key: UNREACHABLE, operator: "Exists", effect: "NoExecute", tolerationSeconds: 600 }],
    });
    await addPod("daemon", "a", { tolerations: [{ operator: "Exists" }] });
    await addPod("elsewhere", "b");
    await pass(60, "b");
    await pass(290, "b");
    expect(await podNames()).toContain("default");
    await pass(20, "b");
    expect(await podNames()).toEqual(["daemon", "elsewhere", "patient"]);
    const going = await plane.client.get(podsResource, namespace, "default");
    expect(going.status!.conditions).toContainEqual(
      expect.objectContaining({ type: "DisruptionTarget", reason: "DeletionByTaintManager" }),
    );
    await eventually(async () =>
      expect(await messages("TaintManagerEviction")).toEqual([
        `Marking for deletion Pod ${namespace}/default`,
      ]),
    );
    await pass(300, "b");
    expect(await podNames()).toEqual(["daemon", "elsewhere"]);
  });

  it("cancels evictions when the node comes back", async () => {
    await addPod("p", "a");
    await pass(120, "b");
    expect(await taints("a")).toHaveLength(2);
    await beat("a");
    await setReady("a", "True");
    await pass(20, "a", "b");
    expect(await taints("a")).toEqual([]);
    await pass(600, "a", "b");
    expect(await podNames()).toEqual(["p"]);
    await eventually(async () =>
      expect(await messages("TaintManagerEviction")).toEqual([`Cancelling deletion of Pod ${namespace}/p`]),
    );
  });

  it("evicts nobody when all nodes fall silent at once, and gives them time afterwards", async () => {
    await addPod("p", "a");
    await pass(1000);
    expect([await readyOf("a"), await readyOf("b")]).toEqual(["Unknown", "Unknown"]);
    expect(await taints("a")).toEqual([`${UNREACHABLE}:NoSchedule`]);
    expect(await podNames()).toEqual(["p"]);
    await beat("b");
    await setReady("b", "True");
    await pass(40, "b");
    await beat("a");
    await setReady("a", "True");
    await pass(400, "a", "b");
    expect(await podNames()).toEqual(["p"]);
    expect(await taints("a")).toEqual([]);
  });

  it("does not take a jump of the wall clock for silence", async () => {
    await addPod("p", "a");
    await pass(60, "b");
    expect(await taints("a")).toHaveLength(2);
    clock.jumpWall(3_600_000);
    await pass(20, "b");
    expect(await podNames()).toEqual(["p"]);
    expect(await readyOf("b")).toBe("True");
    clock.jumpWall(-7_200_000);
    await pass(300, "b");
    expect(await podNames()).toEqual([]);
  });

  it("does not take its own standstill for silence", async () => {
    await addPod("p", "a");
    await pass(10, "a", "b");
    await clock.freeze(3_600_000);
    await pass(10);
    expect([await readyOf("a"), await readyOf("b")]).toEqual(["True", "True"]);
    expect(await messages("NodeNotReady")).toEqual([]);
    // Who stays silent when it can be heard again is found out all the same.
    await pass(60, "b");
    expect([await readyOf("a"), await readyOf("b")]).toEqual(["Unknown", "True"]);
    await pass(100, "b");
    await clock.freeze(3_600_000);
    await pass(100, "b");
    expect(await podNames()).toEqual(["p"]);
    await pass(150, "b");
    expect(await podNames()).toEqual([]);
  });

  it("taints nodes by what they say of themselves, and by cordon", async () => {
    await setReady("a", "False");
    await pass(10, "a", "b");
    expect(await taints("a")).toEqual([`${NOT_READY}:NoExecute`, `${NOT_READY}:NoSchedule`]);
    await setReady("a", "True");
    const pressure = [{ type: "MemoryPressure", status: "True" }];
    await plane.client.patch(
      nodes,
      undefined,
      "a",
      "strategic",
      { status: { conditions: pressure } },
      { subresource: "status" },
    );
    await plane.client.patch(nodes, undefined, "a", "merge", { spec: { unschedulable: true } });
    await pass(10, "a", "b");
    expect(await taints("a")).toEqual([
      "node.kubernetes.io/memory-pressure:NoSchedule",
      "node.kubernetes.io/unschedulable:NoSchedule",
    ]);
    await plane.client.patch(nodes, undefined, "a", "merge", { spec: { unschedulable: null } });
    await pass(10, "a", "b");
    expect(await taints("a")).toEqual(["node.kubernetes.io/memory-pressure:NoSchedule"]);
  });

  it("keeps taints of others", async () => {
    const own = { key: "team", value: "x", effect: "NoExecute" };
    await plane.client.patch(nodes, undefined, "a", "merge", { spec: { taints: [own] } });
    await addPod("p", "a", {
      tolerations: [
        { key: "team", operator: "Equal", value: "x", effect: "NoExecute", tolerationSeconds: 30 },
      ],
    });
    await pass(20, "a", "b");
    expect(await podNames()).toEqual(["p"]);
    await pass(20, "a", "b");
    expect(await podNames()).toEqual([]);
    expect(await taints("a")).toEqual(["team:NoExecute"]);
  });

  it("gives up the pods of a node that is gone, as failed", async () => {
    await addPod("p", "a");
    await addPod("kept", "b");
    await plane.client.delete(nodes, undefined, "a");
    await pass(30, "b");
    expect(await podNames()).toEqual(["kept", "p"]);
    await pass(40, "b");
    expect(await podNames()).toEqual(["kept"]);
    expect((await plane.client.list(podsResource, { namespace })).items).toHaveLength(1);
  });

  it("keeps no more finished pods than it is told", async () => {
    await running.stop();
    for (let index = 0; index < 5; index++) {
      await addPod(`p-${index}`, "a");
      await plane.client.patch(
        podsResource,
        namespace,
        `p-${index}`,
        "merge",
        { status: { phase: "Succeeded" } },
        { subresource: "status" },
      );
    }
    await plane.run(
      {
        "pod-garbage-collector": (dependencies) =>
          createPodGcController({ ...dependencies, terminatedKept: 2 }),
      },
      { clock },
    );
    await pass(20, "a", "b");
    expect(await podNames()).toHaveLength(2);
  });

  it("looks at the node that changes, not at all of them", async () => {
    const names = Array.from({ length: 60 }, (_, index) => `many-${index}`);
    for (const name of names) await plane.client.create(nodes, node(name));
    const isTainted = async (name: string) =>
      ((await plane.client.get(nodes, undefined, name)).spec?.taints ?? []).length > 0;
    await eventually(async () => expect(await isTainted(names.at(-1)!)).toBe(true));
    await idle();
    const before = looks;
    for (const name of names) await setReady(name, "True");
    await eventually(async () => {
      for (const name of names) expect(await isTainted(name)).toBe(false);
    });
    // All of them once, for the first that is ready, and each for its own changes.
    expect(looks - before).toBeLessThan(names.length * 10);
  });
});

/** The same object but for one method. */
function intercepted<T extends object, Name extends keyof T>(
  target: T,
  method: Name,
  // biome-ignore lint/suspicious/noExplicitAny: whatever the method takes and gives
  instead: (method: (...args: any[]) => unknown) => (...args: any[]) => unknown,
): T {
  return new Proxy(target, {
    get: (_, name) => {
      const value = target[name as Name];
      if (typeof value !== "function") return value;
      const bound = value.bind(target);
      return name === method ? instead(bound) : bound;
    },
  });
}
