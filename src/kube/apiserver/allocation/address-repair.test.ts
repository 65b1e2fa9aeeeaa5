import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../../base/index.ts";
import { openMemoryStore, type Store } from "../../../store/index.ts";
import { ipAddresses, isStatusError, serviceCidrs, services } from "../../api/index.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";
import { addressKey } from "./service-address.ts";

const LABELS = {
  "ipaddress.kubernetes.io/ip-family": "IPv4",
  "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
};

describe("IPAddress objects", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  const make = (name: string, clusterIP: string) =>
    server.client.create(services, {
      metadata: { name, namespace: "default" },
      spec: { clusterIP, ports: [{ port: 80 }] },
    });
  const find = async (name: string) => {
    try {
      return await server.client.get(ipAddresses, undefined, name);
    } catch (error) {
      if (isStatusError(error, "NotFound")) return undefined;
      throw error;
    }
  };
  const parentOf = (name: string) => ({ resource: "services", namespace: "default", name });
  const told = async (name: string) => {
    const { metadata, spec } = (await find(name)) ?? {};
    return [metadata?.labels, spec?.parentRef];
  };

  it("come and go with the Services that have their addresses", async () => {
    expect(await told("10.96.0.1")).toEqual([LABELS, parentOf("kubernetes")]);
    const service = await make("one", "10.96.1.1");
    const address = (await find("10.96.1.1"))!;
    expect([address.metadata.labels, address.spec.parentRef]).toEqual([LABELS, parentOf("one")]);
    expect(address.metadata.resourceVersion).toBe(service.metadata.resourceVersion);
    await server.client.delete(services, "default", "one");
    expect(await find("10.96.1.1")).toBeUndefined();
  });

  it("of others keep their addresses from Services", async () => {
    const parentRef = { group: "example.com", resource: "gateways", name: "g" };
    await server.client.create(ipAddresses, { metadata: { name: "10.96.1.2" }, spec: { parentRef } });
    await expect(make("two", "10.96.1.2")).rejects.toMatchObject({
      message: expect.stringContaining("failed to allocate IP 10.96.1.2: provided IP is already allocated"),
    });
  });

  it("that are deleted or changed under a Service are put right", async () => {
    await make("three", "10.96.1.3");
    const before = (await find("10.96.1.3"))!;
    await server.client.delete(ipAddresses, undefined, "10.96.1.3");
    await expect.poll(() => told("10.96.1.3")).toEqual([LABELS, parentOf("three")]);
    expect((await find("10.96.1.3"))!.metadata.uid).not.toBe(before.metadata.uid);
    await server.client.patch(ipAddresses, undefined, "10.96.1.3", "merge", { metadata: { labels: null } });
    await expect.poll(() => told("10.96.1.3")).toEqual([LABELS, parentOf("three")]);
  });

  it("that say wrongly that a Service has them go", async () => {
    await server.client.create(ipAddresses, {
      metadata: { name: "10.96.1.4", labels: LABELS },
      spec: { parentRef: parentOf("three") },
    });
    await expect.poll(() => find("10.96.1.4")).toBeUndefined();
  });
});

describe("the ServiceCIDR kubernetes", () => {
  it("tells the range, and that it is ready", async () => {
    const server = await startTestServer();
    try {
      const { spec, status } = await server.client.get(serviceCidrs, undefined, "kubernetes");
      expect(spec).toEqual({ cidrs: ["10.96.0.0/16"] });
      expect(status!.conditions).toEqual([
        {
          type: "Ready",
          status: "True",
          lastTransitionTime: expect.any(String),
          reason: "",
          message: "Kubernetes default Service CIDR is ready",
        },
      ]);
    } finally {
      await server.stop();
    }
  });
});

describe("a store of a version without IPAddress objects", () => {
  async function run<T>(store: Store, action: (server: TestServer) => Promise<T>): Promise<T> {
    const server = await startTestServer({ store });
    try {
      return await action(server);
    } finally {
      await server.stop();
    }
  }

  it("gets them at the start, before anybody gets an address", async () => {
    const store = await openMemoryStore({ logger: silentLogger });
    await run(store, ({ client }) =>
      client.create(services, {
        metadata: { name: "old", namespace: "default" },
        spec: { clusterIP: "10.96.2.1", ports: [{ port: 80 }] },
      }),
    );
    const former = "/registry/allocations/clusterips/10.96.2.1";
    await store.transact({
      success: [
        { type: "delete", key: addressKey("10.96.2.1") },
        { type: "put", key: former, value: Buffer.from("{}") },
      ],
    });
    await run(store, async ({ client }) => {
      const wish = { clusterIP: "10.96.2.1", ports: [{ port: 80 }] };
      const other = client.create(services, { metadata: { name: "new", namespace: "default" }, spec: wish });
      await expect(other).rejects.toMatchObject({ message: expect.stringContaining("already allocated") });
      const { spec } = await client.get(ipAddresses, undefined, "10.96.2.1");
      expect(spec.parentRef).toEqual({ resource: "services", namespace: "default", name: "old" });
    });
    expect((await store.get(former)).item).toBeUndefined();
    await store.close();
  });
});
