import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger, systemClock } from "../../base/index.ts";
import {
  events,
  nodes,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
} from "../api/index.ts";
import { startTestServer, type TestServer } from "../apiserver/testing/start-test-server.ts";
import { createEventRecorder, createInformerFactory, type KubeClient } from "../client/index.ts";
import { createController } from "../controllers/controller.ts";
import { createPersistentVolumeBinder } from "../controllers/persistentvolume-binder/index.ts";
import { eventually } from "../controllers/testing/eventually.ts";
import { EventFaults, WRITE_FAULTS, WriteFaults } from "../controllers/testing/faults.ts";
import { createScheduler } from "./index.ts";
import { claiming, onHost } from "./testing/storage.ts";

const SELECTED_NODE = "volume.kubernetes.io/selected-node";
const byHand = { storageClassName: "by-hand" };
const userOf = (name: string) => ({ name, groups: ["system:authenticated"] });

describe("pods whose volumes depend on their node", () => {
  let server: TestServer;
  const running: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    server = await startTestServer();
    await server.client.create(storageClasses, {
      metadata: { name: "late" },
      provisioner: "example.com/disk",
      volumeBindingMode: "WaitForFirstConsumer",
    });
    await server.client.create(storageClasses, {
      metadata: { name: "by-hand" },
      provisioner: "kubernetes.io/no-provisioner",
      volumeBindingMode: "WaitForFirstConsumer",
    });
    for (const name of ["n1", "n2"]) await addNode(name);
  });
  afterEach(async () => {
    for (const stop of running.splice(0)) await stop();
    await server.stop();
  });

  const addNode = async (name: string): Promise<void> => {
    await server.client.create(nodes, { metadata: { name, labels: { "kubernetes.io/hostname": name } } });
    await server.client.patch(nodes, undefined, name, "merge", { spec: { taints: null } });
    const status = { allocatable: { cpu: "2", memory: "4Gi", pods: "110" } };
    await server.client.patch(nodes, undefined, name, "merge", { status }, { subresource: "status" });
  };

  const run = (
    user: string,
    component: string,
    wrap: (client: KubeClient) => KubeClient,
    wrapSource: (client: KubeClient) => KubeClient,
    make: (parts: {
      client: KubeClient;
      informers: ReturnType<typeof createInformerFactory>;
      recorder: ReturnType<typeof createEventRecorder>;
      recorderFor(): ReturnType<typeof createEventRecorder>;
      logger: typeof silentLogger;
      clock: typeof systemClock;
      kinds: TestServer["api"]["kinds"];
    }) => (signal: AbortSignal) => Promise<void>,
  ): (() => Promise<void>) => {
    const over = new AbortController();
    const client = server.as(userOf(user));
    const informers = createInformerFactory(wrapSource(client), { logger: silentLogger });
    const recorder = createEventRecorder({ client, component, clock: systemClock, logger: silentLogger });
    const parts = {
      client: wrap(client),
      informers,
      recorder,
      recorderFor: () => recorder,
      logger: silentLogger,
      clock: systemClock,
      kinds: server.api.kinds,
    };
    const work = make(parts)(over.signal);
    const all = [work, informers.run(over.signal)];
    const stop = async () => {
      over.abort();
      await Promise.all(all);
      await recorder.stop();
    };
    running.push(stop);
    return stop;
  };
  const same = (client: KubeClient) => client;
  const startScheduler = (wrap = same, wrapSource = same) =>
    run("system:kube-scheduler", "default-scheduler", wrap, wrapSource, (parts) => {
      const service = createScheduler(parts);
      return (signal) => service.run({ signal, ready: () => {} });
    });
  const startBinder = () =>
    run("system:serviceaccount:kube-system:persistent-volume-binder", "binder", same, same, (parts) => {
      const controller = createPersistentVolumeBinder(parts);
      return (signal) => controller.run(signal);
    });
  /** Makes volumes for claims whose node is known, on that node. */
  const startDriver = () =>
    run("system:serviceaccount:kube-system:persistent-volume-binder", "driver", same, same, (parts) => {
      const claims = parts.informers.informer<PersistentVolumeClaim>(persistentVolumeClaims);
      const look = (claim: PersistentVolumeClaim, enqueue: (key: string) => void) =>
        enqueue(`${claim.metadata.namespace}/${claim.metadata.name}`);
      const controller = createController(
        {
          name: "driver",
          informers: [claims],
          watch: (enqueue) => [
            claims.subscribe({ onAdd: (one) => look(one, enqueue), onUpdate: (one) => look(one, enqueue) }),
          ],
          reconcile: async (key) => {
            const claim = claims.get(key);
            const node = claim?.metadata.annotations?.[SELECTED_NODE];
            if (!claim || !node || claim.spec.volumeName) return;
            const { namespace, name, uid } = claim.metadata;
            const metadata = { name: `made-for-${name}` };
            const spec = { claimRef: { namespace, name, uid }, ...onHost(node) };
            await addVolume(metadata.name, spec).catch(() => {});
          },
        },
        parts,
      );
      return (signal) => controller.run(signal);
    });

  const addVolume = (name: string, spec: object = {}) =>
    server.client.create<PersistentVolume>(persistentVolumes, {
      metadata: { name },
      spec: {
        accessModes: ["ReadWriteOnce"],
        capacity: { storage: "1Gi" },
        hostPath: { path: "/tmp/v" },
        storageClassName: "late",
        ...spec,
      },
    });
  const addClaim = (name: string, spec: object = {}) =>
    server.client.create(persistentVolumeClaims, {
      metadata: { name, namespace: "default" },
      spec: {
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: "1Gi" } },
        storageClassName: "late",
        ...spec,
      },
    });
  const addPod = (name: string, ...claims: string[]) =>
    server.client.create(pods, {
      metadata: { name, namespace: "default" },
      spec: { containers: [{ name: "c", image: "i" }], ...claiming(...claims) },
    });
  const nodeOf = async (name: string) => (await server.client.get(pods, "default", name)).spec.nodeName;
  const claimOf = (name: string) => server.client.get(persistentVolumeClaims, "default", name);
  const volumeIs = (name: string, phase: string) =>
    eventually(async () =>
      expect((await server.client.get(persistentVolumes, undefined, name)).status?.phase).toBe(phase),
    );
  const tells = (name: string, message: string) =>
    eventually(async () => {
      const { items } = await server.client.list(events, { fieldSelector: `involvedObject.name=${name}` });
      expect(items.map((one) => one.message)).toContainEqual(message);
    });

  it("go where a free volume is, once it is theirs", async () => {
    startBinder();
    startScheduler();
    await addVolume("v", { ...byHand, ...onHost("n2") });
    await volumeIs("v", "Available");
    await addClaim("c", byHand);
    await addPod("p", "c");
    await eventually(async () => expect(await nodeOf("p")).toBe("n2"));
    expect((await claimOf("c")).spec.volumeName).toBe("v");
    await volumeIs("v", "Bound");
  });

  it("are bound after their volume was made for their node", async () => {
    startBinder();
    startScheduler();
    await addClaim("c");
    await addPod("p", "c");
    await eventually(async () =>
      expect((await claimOf("c")).metadata.annotations?.[SELECTED_NODE]).toMatch(/^n/),
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await nodeOf("p")).toBeUndefined();
    startDriver();
    await eventually(async () => expect(await nodeOf("p")).toMatch(/^n/));
    const { metadata, spec } = await claimOf("c");
    expect(spec.volumeName).toBe("made-for-c");
    expect(await nodeOf("p")).toBe(metadata.annotations?.[SELECTED_NODE]);
  });

  it("wait for their claims", async () => {
    startBinder();
    startScheduler();
    await addPod("p", "c");
    const preemption = "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.";
    await tells("p", `0/2 nodes are available: persistentvolumeclaim "c" not found. ${preemption}`);
    await addClaim("c", { storageClassName: "" });
    await tells(
      "p",
      `0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. ${preemption}`,
    );
    await addVolume("v", { storageClassName: "" });
    await eventually(async () => expect(await nodeOf("p")).toMatch(/^n/), 15_000);
  });

  it("look for another node when their volume cannot be made", async () => {
    startBinder();
    startScheduler();
    await addClaim("c");
    await addPod("p", "c");
    await eventually(async () =>
      expect((await claimOf("c")).metadata.annotations?.[SELECTED_NODE]).toMatch(/^n/),
    );
    // As a driver does that cannot.
    await server.client.patch(persistentVolumeClaims, "default", "c", "merge", {
      metadata: { annotations: { [SELECTED_NODE]: null } },
    });
    await tells(
      "p",
      'running PreBind plugin "VolumeBinding": binding volumes: provisioning failed for PVC "c"',
    );
    startDriver();
    await eventually(async () => expect(await nodeOf("p")).toMatch(/^n/), 15_000);
  });

  it("do not get one volume for two, however many come at once", async () => {
    startBinder();
    startScheduler();
    const numbers = Array.from({ length: 8 }, (_, at) => at);
    for (const at of numbers) await addVolume(`v${at}`, { ...byHand, ...onHost(at % 2 === 0 ? "n1" : "n2") });
    for (const at of numbers) await volumeIs(`v${at}`, "Available");
    await Promise.all(numbers.map((at) => addClaim(`c${at}`, byHand).then(() => addPod(`p${at}`, `c${at}`))));
    const taken = await eventually(async () => {
      const bound = await Promise.all(numbers.map((at) => claimOf(`c${at}`)));
      expect(bound.map(({ status }) => status?.phase)).toEqual(numbers.map(() => "Bound"));
      return bound.map(({ spec }) => spec.volumeName!);
    }, 15_000);
    expect(new Set(taken).size).toBe(numbers.length);
    for (const at of numbers) {
      const node = Number(taken[at]!.slice(1)) % 2 === 0 ? "n1" : "n2";
      await eventually(async () => expect(await nodeOf(`p${at}`)).toBe(node));
    }
  });

  for (const mode of ["missed", "doubled", "late"] as const) {
    it(`are bound in the end when any event is ${mode}`, async () => {
      startBinder();
      startDriver();
      let wasHit = true;
      for (let at = 1; wasHit && (mode !== "late" || at < 3); at++) {
        const faults = new EventFaults(mode, at);
        const stop = startScheduler(same, (client) => faults.wrap(client));
        await addClaim(`c-${at}`);
        await addPod(`p-${at}`, `c-${at}`);
        await eventually(async () => expect(await nodeOf(`p-${at}`)).toMatch(/^n/), 40_000);
        wasHit = faults.wasHit;
        await stop();
        running.splice(2);
      }
    }, 120_000);
  }

  for (const mode of WRITE_FAULTS) {
    it(`are bound in the end when any write of the scheduler is ${mode}`, async () => {
      startBinder();
      startDriver();
      await addVolume("v", onHost("n2"));
      await volumeIs("v", "Available");
      // Were the other node chosen, the free volume of this one could be bound to a claim that has that node already, as upstream's could.
      await server.client.patch(nodes, undefined, "n1", "merge", { spec: { unschedulable: true } });
      let wasHit = true;
      for (let at = 1; wasHit; at++) {
        let restarted: Promise<void> | undefined;
        const faults = new WriteFaults(mode, at, () => {
          restarted = stop().then(() => void startScheduler());
        });
        const stop = startScheduler((client) => faults.wrap(client));
        const names = [`static-${at}`, `made-${at}`];
        for (const name of names) await addClaim(name);
        await addPod(`p-${at}`, ...names);
        // Each failed attempt doubles the pod's back-off.
        await eventually(async () => expect(await nodeOf(`p-${at}`)).toMatch(/^n/), 40_000);
        await restarted;
        for (const name of names) expect((await claimOf(name)).status?.phase).toBe("Bound");
        wasHit = faults.wasHit;
        for (const stopOne of running.splice(2)) await stopOne();
      }
    }, 120_000);
  }
});
