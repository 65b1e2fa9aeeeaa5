import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { events, services } from "../../api/index.ts";
import { ControlPlane, type Running } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { service } from "../testing/objects.ts";
import { AddressPool } from "./addresses.ts";
import { createLoadBalancerController } from "./index.ts";

/** Six addresses: .1 to .6. */
const poolCidr = "10.97.0.0/29";
const controllers = {
  "service-controller": (dependencies: Parameters<typeof createLoadBalancerController>[0]) =>
    createLoadBalancerController({ ...dependencies, poolCidr }),
};

describe("an address pool", () => {
  it("leaves out the network's own address and the broadcast one", () => {
    const pool = new AddressPool("192.0.2.0/30");
    expect(pool.next(new Set())).toBe("192.0.2.1");
    expect(pool.next(new Set(["192.0.2.1"]))).toBe("192.0.2.2");
    expect(pool.next(new Set(["192.0.2.1", "192.0.2.2"]))).toBeUndefined();
    expect(["192.0.2.0", "192.0.2.1", "192.0.2.3", "192.0.1.1"].map((one) => pool.contains(one))).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });
});

describe("the load balancer controller", () => {
  let plane: ControlPlane;
  let running: Running;
  let namespace: string;
  beforeEach(async () => {
    plane = await ControlPlane.start();
    running = await plane.run(controllers as never);
    namespace = await plane.namespace();
  });
  afterEach(() => plane.stop());

  const create = (name: string, spec: object = {}) =>
    plane.client.create(services, service(name, namespace, { type: "LoadBalancer", ...spec }));
  const address = async (name: string): Promise<string | undefined> =>
    (await plane.client.get(services, namespace, name)).status!.loadBalancer?.ingress?.[0]?.ip;
  const addresses = async () =>
    (await plane.client.list(services, { namespace })).items
      .map((one) => one.status!.loadBalancer?.ingress?.[0]?.ip)
      .filter(Boolean)
      .sort();

  it("gives every Service its own address, also after a restart", async () => {
    await Promise.all(["a", "b", "c"].map((name) => create(name)));
    await eventually(async () => expect(new Set(await addresses()).size).toBe(3));
    const before = await addresses();
    await running.stop();
    await Promise.all(["d", "e"].map((name) => create(name)));
    running = await plane.run(controllers as never);
    await eventually(async () => expect(new Set(await addresses()).size).toBe(5));
    expect(await addresses()).toEqual(expect.arrayContaining(before));
    expect((await plane.client.get(services, namespace, "a")).status!.loadBalancer!.ingress).toEqual([
      { ip: await address("a"), ipMode: "VIP" },
    ]);
  });

  it("gives the address that is asked for, when it is free", async () => {
    await create("a", { loadBalancerIP: "10.97.0.5" });
    await eventually(async () => expect(await address("a")).toBe("10.97.0.5"));
    await create("b", { loadBalancerIP: "10.97.0.5" });
    await eventually(async () => {
      const told = (await plane.client.list(events, { namespace })).items.find(
        (one) => one.involvedObject.name === "b",
      );
      expect(told).toMatchObject({ type: "Warning", reason: "SyncLoadBalancerFailed" });
      expect(told!.message).toContain("address 10.97.0.5 is not free in 10.97.0.0/29");
    });
    await plane.client.delete(services, namespace, "a");
    await eventually(async () => expect(await address("b")).toBe("10.97.0.5"));
  });

  it("takes the address back when the type changes, and gives it to who waits", async () => {
    for (const name of ["a", "b", "c", "d", "e", "f", "g"]) await create(name);
    await eventually(async () => expect(new Set(await addresses()).size).toBe(6));
    await eventually(async () => {
      const told = (await plane.client.list(events, { namespace })).items.find(
        (one) => one.reason === "SyncLoadBalancerFailed",
      );
      expect(told).toMatchObject({ type: "Warning", involvedObject: { kind: "Service" } });
      expect(told!.message).toContain("no address is left in 10.97.0.0/29");
    });
    const late = (await plane.client.list(services, { namespace })).items.find(
      (one) => !one.status!.loadBalancer?.ingress,
    )!;
    const giver = late.metadata.name === "a" ? "b" : "a";
    const freed = await address(giver);
    await plane.client.patch(services, namespace, giver, "merge", { spec: { type: "ClusterIP" } });
    await eventually(async () => {
      expect(await address(giver)).toBeUndefined();
      expect(await address(late.metadata.name)).toBe(freed);
    });
  });

  it("leaves Services of another load balancer's class alone", async () => {
    await create("a", { loadBalancerClass: "example.com/lb" });
    await create("b");
    await eventually(async () => expect(await address("b")).toBeDefined());
    expect(await address("a")).toBeUndefined();
  });
});
