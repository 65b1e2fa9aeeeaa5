import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type KubeObject, services } from "../../api/index.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

describe("addresses and ports of Services", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());
  const make = (name: string, spec: object = {}) =>
    server.client.create(services, {
      metadata: { name, namespace: "default" },
      spec: { ports: [{ port: 80 }], ...spec },
    });

  it("are each given once, however many are made at the same time", async () => {
    const made = await Promise.all(
      Array.from({ length: 60 }, (_, n) => make(`many${n}`, { type: "NodePort" })),
    );
    const addresses = new Set(made.map((service) => service.spec.clusterIP));
    const ports = new Set(made.map((service) => service.spec.ports![0]!.nodePort));
    expect([addresses.size, ports.size]).toEqual([60, 60]);
    for (const port of ports) expect(port).toBeGreaterThanOrEqual(30_000);
    await server.client.deleteCollection(services, {
      namespace: "default",
      fieldSelector: "metadata.name!=kubernetes",
    });
  });

  it("are given as wished, and to nobody else until they are free again", async () => {
    const wish = { type: "NodePort", clusterIP: "10.96.7.7", ports: [{ port: 80, nodePort: 30_777 }] };
    await make("first", wish);
    await expect(make("second", { clusterIP: "10.96.7.7" })).rejects.toMatchObject({
      message:
        'Service "second" is invalid: spec.clusterIPs: Invalid value: []string{"10.96.7.7"}: failed to allocate IP 10.96.7.7: provided IP is already allocated',
    });
    await expect(make("third", { ...wish, clusterIP: undefined })).rejects.toMatchObject({
      message:
        'Service "third" is invalid: spec.ports[0].nodePort: Invalid value: 30777: provided port is already allocated',
    });
    await server.client.delete(services, "default", "first");
    expect((await make("second", wish)).spec.clusterIP).toBe("10.96.7.7");
  });

  it("must lie in the ranges", async () => {
    await expect(make("far", { clusterIP: "192.168.1.1" })).rejects.toMatchObject({
      message: expect.stringContaining(
        "the provided IP (192.168.1.1) is not in the valid range. The range of valid IPs is 10.96.0.0/16",
      ),
    });
    await expect(
      make("low", { type: "NodePort", ports: [{ port: 80, nodePort: 80 }] }),
    ).rejects.toMatchObject({
      message: expect.stringContaining(
        "provided port is not in the valid range. The range of valid ports is 30000-32767",
      ),
    });
  });

  it("only the one of two that is first gets a wished address", async () => {
    const wish = { clusterIP: "10.96.9.9" };
    const outcomes = await Promise.allSettled([make("race1", wish), make("race2", wish)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  it("stay with a service that is changed, and go when its type has no use for them", async () => {
    const made = await make("changing", { type: "NodePort" });
    const { nodePort } = made.spec.ports![0]!;
    const bare: KubeObject = {
      ...made,
      spec: { type: "NodePort", ports: [{ port: 81, name: "" }], selector: { a: "b" } },
    };
    const updated = await server.client.update(services, bare);
    expect([updated.spec.clusterIP, updated.spec.ports[0].nodePort]).toEqual([made.spec.clusterIP, nodePort]);
    const plain = await server.client.patch(services, "default", "changing", "merge", {
      spec: { type: "ClusterIP" },
    });
    expect(plain.spec.ports![0]!.nodePort).toBeUndefined();
    const other = await make("reuse", { type: "NodePort", ports: [{ port: 80, nodePort }] });
    expect(other.spec.ports![0]!.nodePort).toBe(nodePort);
  });

  it("are not needed by headless and external ones", async () => {
    expect((await make("headless", { clusterIP: "None" })).spec.clusterIPs).toEqual(["None"]);
    const external = await make("external", {
      type: "ExternalName",
      externalName: "example.com",
      ports: undefined,
    });
    expect(external.spec.clusterIP).toBeUndefined();
  });

  it("share a port between TCP and UDP", async () => {
    const ports = [
      { name: "t", port: 53, protocol: "TCP" },
      { name: "u", port: 53, protocol: "UDP" },
    ];
    const { spec } = await make("dns", { type: "NodePort", ports });
    expect(spec.ports![0]!.nodePort).toBe(spec.ports![1]!.nodePort);
  });
});
