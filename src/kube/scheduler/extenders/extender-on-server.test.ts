import https from "node:https";
import type { AddressInfo } from "node:net";
import { dump } from "js-yaml";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger, systemClock } from "../../../base/index.ts";
import type { Pod } from "../../api/index.ts";
import { events, nodes, pods as podsResource } from "../../api/index.ts";
import { startTestServer, type TestServer } from "../../apiserver/testing/start-test-server.ts";
import { createEventRecorder, createInformerFactory } from "../../client/index.ts";
import { eventually } from "../../controllers/testing/eventually.ts";
import { readSchedulerConfiguration } from "../config/index.ts";
import { createScheduler } from "../scheduler.ts";

describe("a scheduler with an extender over TLS", () => {
  let server: TestServer;
  let extender: https.Server;
  let url: string;
  let stop: (() => Promise<void>) | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: whatever it is sent
  let answer: (verb: string, body: any) => unknown;
  beforeEach(async () => {
    server = await startTestServer();
    const { certPem: cert, keyPem: key } = await server.certificates.serverFor("extender", "extender", [
      "127.0.0.1",
    ]);
    extender = https.createServer({ cert, key }, async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const told = await answer(request.url!.slice(1), JSON.parse(Buffer.concat(chunks).toString()));
      response.end(JSON.stringify(told));
    });
    await new Promise<void>((resolve) => extender.listen(0, "127.0.0.1", resolve));
    url = `https://127.0.0.1:${(extender.address() as AddressInfo).port}`;
    for (const name of ["a", "b"]) await addNode(name);
  });
  afterEach(async () => {
    await stop?.();
    extender.closeAllConnections();
    extender.close();
    await server.stop();
  });

  const addNode = async (name: string): Promise<void> => {
    await server.client.create(nodes, { metadata: { name }, spec: {} });
    await server.client.patch(nodes, undefined, name, "merge", { spec: { taints: null } });
    const resources = { cpu: "4", memory: "4Gi", pods: "9" };
    const status = { capacity: resources, allocatable: resources };
    await server.client.patch(nodes, undefined, name, "merge", { status }, { subresource: "status" });
  };
  const start = (tls: object, more: object): void => {
    const over = new AbortController();
    const client = server.as({ name: "system:kube-scheduler", groups: ["system:authenticated"] });
    const informers = createInformerFactory(client, { logger: silentLogger });
    const component = "default-scheduler";
    const recorder = createEventRecorder({ client, component, clock: systemClock, logger: silentLogger });
    const configuration = readSchedulerConfiguration(
      dump({
        apiVersion: "kubescheduler.config.k8s.io/v1",
        kind: "KubeSchedulerConfiguration",
        extenders: [{ urlPrefix: url, enableHTTPS: true, tlsConfig: tls, ...more }],
      }),
    );
    const service = createScheduler({
      client,
      informers,
      recorderFor: () => recorder,
      configuration,
      logger: silentLogger,
      clock: systemClock,
    });
    const work = [informers.run(over.signal), service.run({ signal: over.signal, ready: () => {} })];
    stop = async () => {
      over.abort();
      await Promise.all(work);
      await recorder.stop();
    };
  };
  const add = (name: string) =>
    server.client.create(podsResource, {
      metadata: { name, namespace: "default" },
      spec: { containers: [{ name: "c", image: "i" }] },
    });
  const get = (name: string) => server.client.get<Pod>(podsResource, "default", name);
  const trusted = () => ({ caData: Buffer.from(server.certificates.caPem).toString("base64") });

  it("goes where the extender lets it, who binds it too", async () => {
    const bound: unknown[] = [];
    answer = async (verb, body) => {
      if (verb === "filter") return { NodeNames: ["b"] };
      bound.push(body);
      await server.client.createSubresource(podsResource, "default", body.PodName, "binding", {
        metadata: { name: body.PodName, namespace: "default" },
        target: { kind: "Node", name: body.Node },
      });
      return {};
    };
    start(trusted(), { filterVerb: "filter", bindVerb: "bind", nodeCacheCapable: true });
    for (const name of ["p", "q", "r"]) await add(name);
    for (const name of ["p", "q", "r"])
      await eventually(async () => expect((await get(name)).spec.nodeName).toBe("b"));
    expect(bound).toHaveLength(3);
  });

  it("tries again after the extender's failure, and tells of it", async () => {
    let failures = 1;
    answer = () => (failures-- > 0 ? { Error: "not now" } : { NodeNames: ["a"] });
    start({}, { filterVerb: "filter", nodeCacheCapable: true });
    await add("p");
    await eventually(async () => {
      const condition = (await get("p")).status?.conditions?.find((one) => one.type === "PodScheduled");
      expect(condition).toMatchObject({ status: "False", reason: "SchedulerError", message: "not now" });
    });
    await eventually(async () => expect((await get("p")).spec.nodeName).toBe("a"));
    await eventually(async () => {
      const told = (await server.client.list(events, { namespace: "default" })).items;
      expect(told.map(({ reason, message }) => `${reason}: ${message}`)).toContain(
        "FailedScheduling: not now",
      );
    });
  });

  it("wakes a pod that the extender has refused when the cluster changes", async () => {
    const kept = new Set<string>();
    answer = () => ({ NodeNames: [...kept], FailedNodes: { a: "too cold", b: "too cold" } });
    start(trusted(), { filterVerb: "filter", nodeCacheCapable: true });
    await add("p");
    await eventually(async () => {
      const condition = (await get("p")).status?.conditions?.find((one) => one.type === "PodScheduled");
      expect(condition?.message).toMatch(/^0\/2 nodes are available: 2 too cold\./);
    });
    kept.add("b");
    await server.client.patch(nodes, undefined, "a", "merge", { metadata: { labels: { warm: "yes" } } });
    await eventually(async () => expect((await get("p")).spec.nodeName).toBe("b"));
  });

  it("refuses an extender that is not of the authority", async () => {
    answer = () => ({ NodeNames: ["a"] });
    const { certPem } = await server.certificates.serverFor("other", "other", ["other"]);
    start(
      { caData: Buffer.from(certPem).toString("base64") },
      { filterVerb: "filter", nodeCacheCapable: true },
    );
    await add("p");
    await eventually(async () => {
      const condition = (await get("p")).status?.conditions?.find((one) => one.type === "PodScheduled");
      expect(condition).toMatchObject({
        reason: "SchedulerError",
        message: expect.stringMatching(/certificate/),
      });
    });
  });
});
