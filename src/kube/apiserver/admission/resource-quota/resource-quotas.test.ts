import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ResourceList } from "../../../../formats/index.ts";
import { configMaps, pods, serviceAccounts, services } from "../../../api/index.ts";
import { rawRequest } from "../../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../../testing/start-test-server.ts";
import { quotaPrefix } from "./resource-quotas.ts";

describe("ResourceQuota", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  /** A namespace with a quota that its controller has counted. */
  async function namespaceWith(namespace: string, hard: ResourceList): Promise<void> {
    const none = Object.fromEntries(Object.keys(hard).map((name) => [name, "0"]));
    const quota = {
      kind: "ResourceQuota",
      apiVersion: "v1",
      metadata: { name: "q", namespace, uid: "u", creationTimestamp: "2024-01-01T00:00:00Z" },
      spec: { hard },
      status: { hard, used: none },
    };
    const body = JSON.stringify({ metadata: { name: namespace } });
    const headers = { "content-type": "application/json" };
    expect((await rawRequest(server, "/api/v1/namespaces", { method: "POST", headers, body })).status).toBe(
      201,
    );
    await server.client.create(serviceAccounts, { metadata: { name: "default", namespace } });
    const value = Buffer.from(JSON.stringify(quota));
    await server.store.transact({
      compare: [],
      success: [{ type: "put", key: `${quotaPrefix(namespace)}q`, value }],
      failure: [],
    });
  }

  async function usedIn(namespace: string): Promise<ResourceList> {
    const { item } = await server.store.get(`${quotaPrefix(namespace)}q`);
    return JSON.parse(Buffer.from(item!.value).toString()).status.used;
  }

  const send = async (method: string, path: string, body: object) => {
    const headers = {
      "content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json",
    };
    const { status, json } = await rawRequest(server, path, { method, headers, body: JSON.stringify(body) });
    return [status, json.message];
  };
  const pod = (name: string, cpu?: string, image = "i") => ({
    metadata: { name },
    spec: {
      automountServiceAccountToken: false,
      containers: [{ name: "c", image, resources: cpu === undefined ? {} : { requests: { cpu } } }],
    },
  });

  it("gives out no more than there is, however many ask at once", async () => {
    await namespaceWith("crowd", { configmaps: "5" });
    const create = (index: number) =>
      server.client.create(configMaps, { metadata: { name: `c${index}`, namespace: "crowd" } });
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, (_, index) => create(index)));
    const refused = outcomes.filter((one) => one.status === "rejected");
    expect(refused).toHaveLength(95);
    for (const { reason } of refused)
      expect(reason.message).toContain(
        "is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=5, limited: configmaps=5",
      );
    expect(await usedIn("crowd")).toEqual({ configmaps: "5" });
    const { items } = await server.client.list(configMaps, { namespace: "crowd" });
    expect(items).toHaveLength(5);
  });

  it("judges a write after everything else, and counts only what is written", async () => {
    await namespaceWith("order", { pods: "2", "requests.cpu": "1" });
    const PODS = "/api/v1/namespaces/order/pods";
    expect(await send("POST", PODS, pod("p", "2", ""))).toEqual([422, expect.stringContaining("image")]);
    expect(await send("POST", PODS, pod("p"))).toEqual([
      403,
      'pods "p" is forbidden: failed quota: q: must specify requests.cpu for: c',
    ]);
    expect(await send("POST", PODS, pod("p", "2"))).toEqual([
      403,
      'pods "p" is forbidden: exceeded quota: q, requested: requests.cpu=2, used: requests.cpu=0, limited: requests.cpu=1',
    ]);
    expect(await send("POST", `${PODS}?dryRun=All`, pod("p", "2"))).toEqual([
      403,
      expect.stringContaining("exceeded quota"),
    ]);
    expect((await send("POST", `${PODS}?dryRun=All`, pod("p", "600m")))[0]).toBe(201);
    expect(await usedIn("order")).toEqual({ pods: "0", "requests.cpu": "0" });
    expect((await send("POST", PODS, pod("p", "600m")))[0]).toBe(201);
    expect(await send("POST", PODS, pod("p", "300m"))).toEqual([409, 'pods "p" already exists']);
    expect(await usedIn("order")).toEqual({ pods: "1", "requests.cpu": "600m" });
    await server.client.delete(pods, "order", "p");
    // What is freed is the controller's to count.
    expect(await usedIn("order")).toEqual({ pods: "1", "requests.cpu": "600m" });
  });

  it("counts what an update adds", async () => {
    await namespaceWith("growth", { services: "1", "services.nodeports": "1" });
    const SERVICES = "/api/v1/namespaces/growth/services";
    const ports = [{ name: "a", port: 1 }];
    await server.client.create(services, { metadata: { name: "s", namespace: "growth" }, spec: { ports } });
    const patch = (spec: object) => send("PATCH", `${SERVICES}/s`, { spec });
    expect(await patch({ type: "NodePort", ports: [...ports, { name: "b", port: 2 }] })).toEqual([
      403,
      'services "s" is forbidden: exceeded quota: q, requested: services.nodeports=2, used: services.nodeports=0, limited: services.nodeports=1',
    ]);
    expect((await patch({ type: "NodePort" }))[0]).toBe(200);
    expect(await usedIn("growth")).toEqual({ services: "1", "services.nodeports": "1" });
  });

  it("holds for objects that a thread takes care of", async () => {
    await namespaceWith("big", { configmaps: "1" });
    const big = (name: string) => ({ metadata: { name }, data: { a: "x".repeat(200_000) } });
    expect((await send("POST", "/api/v1/namespaces/big/configmaps", big("a")))[0]).toBe(201);
    expect((await send("POST", "/api/v1/namespaces/big/configmaps", big("b")))[0]).toBe(403);
    expect(await usedIn("big")).toEqual({ configmaps: "1" });
  });

  it("is silent where it is switched off", async () => {
    const off = await startTestServer({
      admissionPlugins: { disable: ["ResourceQuota"] },
      store: server.store,
    });
    const made = await off.client.create(configMaps, { metadata: { name: "more", namespace: "crowd" } });
    expect(made.metadata.name).toBe("more");
    await off.stop();
  });
});
