import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger, systemClock } from "../../base/index.ts";
import { leases, type Node, nodes, type Pod, pods as podsResource } from "../api/index.ts";
import { startTestServer, type TestServer } from "../apiserver/testing/start-test-server.ts";
import { createInformerFactory } from "../client/index.ts";
import { eventually } from "../controllers/testing/eventually.ts";
import { runSimulatedNodes } from "./index.ts";
import { EXIT_CODE, RUNS_FOR } from "./pod-life.ts";
import { removeSimulatedNodes } from "./remove-simulated-nodes.ts";

describe("simulated nodes", () => {
  let server: TestServer;
  let stop: () => Promise<void>;
  beforeEach(async () => {
    server = await startTestServer();
    await start(3);
  });
  afterEach(async () => {
    await stop();
    await server.stop();
  });

  async function start(count: number, hasTaint = false): Promise<void> {
    const over = new AbortController();
    const informers = createInformerFactory(server.client, { logger: silentLogger });
    const { promise, resolve } = Promise.withResolvers<void>();
    const options = {
      client: server.client,
      informers,
      count,
      hasTaint,
      logger: silentLogger,
      clock: systemClock,
    };
    const work = [
      informers.run(over.signal),
      runSimulatedNodes(options, { signal: over.signal, ready: resolve }),
    ];
    stop = async () => {
      over.abort();
      await Promise.all(work);
    };
    await promise;
  }

  const names = async () =>
    (await server.client.list<Node>(nodes)).items.map(({ metadata }) => metadata.name).sort();
  const add = (name: string, more: { metadata?: object; spec?: object } = {}) =>
    server.client.create(podsResource, {
      metadata: { name, namespace: "default", ...more.metadata },
      spec: { nodeName: "simulated-1", containers: [{ name: "c", image: "i" }], ...more.spec },
    });
  const get = (name: string) => server.client.get<Pod>(podsResource, "default", name);
  const phase = (name: string, expected: string) =>
    eventually(async () => expect((await get(name)).status?.phase).toBe(expected));

  it("are there, ready, with leases and labels", async () => {
    expect(await names()).toEqual(["simulated-0", "simulated-1", "simulated-2"]);
    const node = await server.client.get<Node>(nodes, undefined, "simulated-1");
    expect(node.metadata.labels).toMatchObject({ type: "simulated" });
    expect(node.spec?.podCIDR).toBe("100.64.1.0/24");
    expect(node.status?.conditions?.find((one) => one.type === "Ready")).toMatchObject({ status: "True" });
    const lease = await server.client.get(leases, "kube-node-lease", "simulated-1");
    expect(lease).toMatchObject({ spec: { holderIdentity: "simulated-1" } });
  });

  it("renew their leases in turn, and make a node anew that is deleted", async () => {
    const renewed = async () =>
      (await server.client.get(leases, "kube-node-lease", "simulated-2")) as unknown as {
        spec: { renewTime: string };
      };
    const before = (await renewed()).spec.renewTime;
    await server.client.delete(nodes, undefined, "simulated-2");
    await eventually(async () => expect(await names()).toContain("simulated-2"), 25_000);
    await eventually(async () => expect((await renewed()).spec.renewTime > before).toBe(true), 25_000);
  }, 60_000);

  it("go when fewer are wanted, or none", async () => {
    await stop();
    await start(1, true);
    expect(await names()).toEqual(["simulated-0"]);
    await stop();
    await removeSimulatedNodes(server.client);
    expect(await names()).toEqual([]);
    await start(1, true);
    const node = await server.client.get<Node>(nodes, undefined, "simulated-0");
    expect(node.spec?.taints).toContainEqual({ key: "type", value: "simulated", effect: "NoSchedule" });
  });

  it("let pods run with addresses of their own, and go when they are deleted", async () => {
    await Promise.all([add("p"), add("q"), add("host", { spec: { hostNetwork: true } })]);
    for (const name of ["p", "q", "host"]) await phase(name, "Running");
    const [p, q, host] = [await get("p"), await get("q"), await get("host")];
    expect(p.status).toMatchObject({
      hostIP: "100.64.1.1",
      containerStatuses: [{ name: "c", ready: true, state: { running: {} } }],
    });
    const conditions = p.status!.conditions!.filter((one) => one.status === "True").map((one) => one.type);
    expect(conditions.sort()).toEqual([
      "ContainersReady",
      "Initialized",
      "PodReadyToStartContainers",
      "Ready",
    ]);
    expect(new Set([p.status!.podIP, q.status!.podIP])).toEqual(new Set(["100.64.1.2", "100.64.1.3"]));
    expect(host.status!.podIP).toBe("100.64.1.1");
    await server.client.delete(podsResource, "default", "p");
    await eventually(() => expect(get("p")).rejects.toThrow(/not found/));
  });

  it("end pods when it is time", async () => {
    const never = { restartPolicy: "Never" };
    const told = (code: string) => ({ annotations: { [RUNS_FOR]: "100ms", [EXIT_CODE]: code } });
    const ownerReferences = [{ apiVersion: "batch/v1", kind: "Job", name: "j", uid: "u", controller: true }];
    await add("good", { spec: never, metadata: told("0") });
    await add("bad", { spec: never, metadata: told("3") });
    await add("of-a-job", { spec: never, metadata: { ownerReferences } });
    await add("stays", { spec: never });
    await add("always", { metadata: told("0") });
    await phase("good", "Succeeded");
    await phase("bad", "Failed");
    await phase("of-a-job", "Succeeded");
    expect((await get("bad")).status!.containerStatuses![0]!.state!.terminated).toMatchObject({
      exitCode: 3,
      reason: "Error",
    });
    expect([(await get("stays")).status!.phase, (await get("always")).status!.phase]).toEqual([
      "Running",
      "Running",
    ]);
  });

  it("hold a pod's readiness to its gates, also those that open later", async () => {
    await add("gated", { spec: { readinessGates: [{ conditionType: "a.b/c" }] } });
    await phase("gated", "Running");
    const ready = async () =>
      (await get("gated")).status!.conditions!.find((one) => one.type === "Ready")?.status;
    expect(await ready()).toBe("False");
    const status = { conditions: [{ type: "a.b/c", status: "True" }] };
    await server.client.patch(
      podsResource,
      "default",
      "gated",
      "strategic",
      { status },
      { subresource: "status" },
    );
    await eventually(async () => expect(await ready()).toBe("True"));
  });

  it("keep pods' addresses over a restart", async () => {
    await add("p");
    await phase("p", "Running");
    await stop();
    await start(3);
    await add("q");
    await phase("q", "Running");
    expect((await get("q")).status!.podIP).not.toBe((await get("p")).status!.podIP);
  });
});
