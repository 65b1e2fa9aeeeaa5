import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ManualClock } from "../../../base/manual-clock.test-support.ts";
import { type IPAddress, ipAddresses, type ServiceCIDR, serviceCidrs, services } from "../../api/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { reference, type Scenario } from "../testing/convergence.ts";
import { eventually } from "../testing/eventually.ts";
import { itConverges } from "../testing/fault-tests.ts";
import { service } from "../testing/objects.ts";
import { isDispensable } from "./coverage.ts";
import { createServiceCidrsController } from "./index.ts";

const FINALIZER = "networking.k8s.io/service-cidr-finalizer";
const ALLOCATED = { "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io" };
const range = (name: string, ...cidrs: string[]) =>
  ({ metadata: { name }, spec: { cidrs } }) as unknown as ServiceCIDR;
const address = (name: string, labels: Record<string, string> = ALLOCATED) =>
  ({
    metadata: { name, labels },
    spec: { parentRef: { resource: "services", namespace: "default", name: "s" } },
  }) as unknown as IPAddress;

describe("a range of Services is dispensable", () => {
  const one = range("one", "10.1.0.0/24");
  it.each<[what: string, range: ServiceCIDR, others: ServiceCIDR[], addresses: IPAddress[], isIt: boolean]>([
    ["without addresses", one, [], [], true],
    ["with one", one, [], [address("10.1.0.7")], false],
    ["with one of another range", one, [], [address("10.2.0.7")], true],
    ["with one that was made by hand", one, [], [address("10.1.0.7", {})], true],
    ["with addresses that nobody can have", one, [], [address("10.1.0.0"), address("10.1.0.255")], true],
    ["inside of a larger one", one, [range("b", "10.1.0.0/16")], [address("10.1.0.7")], true],
    ["beside the same one", one, [range("b", "10.1.0.0/24")], [address("10.1.0.7")], true],
    ["with a smaller one that holds all", one, [range("b", "10.1.0.0/28")], [address("10.1.0.7")], true],
    ["with a smaller one that does not", one, [range("b", "10.1.0.0/29")], [address("10.1.0.7")], false],
    [
      "of which only one family is held",
      range("one", "10.1.0.0/24", "fd00::/112"),
      [range("b", "10.1.0.0/16")],
      [address("fd00::1")],
      false,
    ],
    ["of IPv6, where all but the first count", range("one", "fd00::/112"), [], [address("fd00::")], true],
    ["of IPv6, where the last counts", range("one", "fd00::/112"), [], [address("fd00::ffff")], false],
  ])("%s", (_, it, others, addresses, isIt) => {
    expect(isDispensable(it, [it, ...others], addresses)).toBe(isIt);
  });
});

describe("the controller of ranges of Services", () => {
  let plane: ControlPlane;
  let clock: ManualClock;
  beforeAll(async () => {
    plane = await ControlPlane.start();
    clock = new ManualClock(Date.now());
    await plane.run({ "service-cidrs-controller": createServiceCidrsController }, { clock });
  });
  afterAll(() => plane.stop());

  const get = (name: string) => plane.client.get(serviceCidrs, undefined, name);
  const ready = async (name: string) => {
    const { status } = await get(name);
    return status?.conditions?.map(({ type, status, reason, message }) => [type, status, reason, message]);
  };
  const READY = [["Ready", "True", "", "Kubernetes Service CIDR is ready"]];

  it("makes them ready, the cluster's own too, and holds them", async () => {
    await plane.client.create(serviceCidrs, range("new", "10.5.0.0/24"));
    for (const name of ["new", "kubernetes"]) {
      await eventually(async () => expect(await ready(name)).toEqual(READY));
      expect((await get(name)).metadata.finalizers).toEqual([FINALIZER]);
    }
    await plane.client.patch(serviceCidrs, undefined, "new", "merge", { metadata: { finalizers: null } });
    await eventually(async () => expect((await get("new")).metadata.finalizers).toEqual([FINALIZER]));
  });

  const BLOCKED = [
    [
      "Ready",
      "False",
      "Terminating",
      "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR",
    ],
  ];
  const gone = (name: string) =>
    eventually(() => expect(get(name)).rejects.toMatchObject({ kind: "NotFound" }));

  it("keeps one while Services have addresses that no other holds", async () => {
    const { client } = plane;
    await client.delete(serviceCidrs, undefined, "kubernetes");
    await eventually(async () => expect(await ready("kubernetes")).toEqual(BLOCKED));
    await clock.advance(30_000);
    await client.create(serviceCidrs, range("half", "10.96.0.0/17"));
    await gone("kubernetes");
    await client.create(serviceCidrs, range("used", "10.96.200.0/24"));
    await client.create(services, service("s", "default", { clusterIP: "10.96.200.9" }));
    await eventually(async () => expect(await ready("used")).toEqual(READY));
    await client.delete(serviceCidrs, undefined, "used");
    await eventually(async () => expect(await ready("used")).toEqual(BLOCKED));
    await clock.advance(30_000);
    await client.delete(services, "default", "s");
    await gone("used");
  });

  it("keeps one that nobody uses a while longer", async () => {
    const { client } = plane;
    await client.create(serviceCidrs, range("unused", "10.7.0.0/24"));
    await eventually(async () => expect(await ready("unused")).toEqual(READY));
    clock.jumpWall(Math.floor(Date.now() / 1000) * 1000 - clock.nowMs());
    await client.delete(serviceCidrs, undefined, "unused");
    await clock.advance(8_500);
    await get("unused");
    await clock.advance(3_000);
    await gone("unused");
  });
});

describe("the controller of ranges of Services under faults", () => {
  let plane: ControlPlane;
  let expected: unknown;
  let worlds = 4;
  const scenario: Scenario = {
    controllers: {
      "service-cidrs-controller": (dependencies) =>
        createServiceCidrsController({ ...dependencies, graceMs: 20 }),
    },
    worldLabel: "world",
    async play({ client, namespace }) {
      const world = { world: namespace };
      const block = worlds++;
      const ip = (offset: number) => `10.96.${block >> 2}.${(block & 3) * 64 + offset}`;
      const named = (name: string) => `${namespace}-${name}`;
      const make = (name: string, cidr: string) =>
        client.create(serviceCidrs, {
          ...range(named(name), cidr),
          metadata: { name: named(name), labels: world },
        });
      for (const [name, offset] of Object.entries({ used: 17, freed: 33, covered: 49 })) {
        await client.create(services, service(name, namespace, { clusterIP: ip(offset) }));
        await client.patch(ipAddresses, undefined, ip(offset), "merge", { metadata: { labels: world } });
      }
      for (const [index, name] of ["kept", "used", "freed", "covered"].entries())
        await make(name, `${ip(index * 16)}/28`);
      for (const name of ["used", "freed", "covered"])
        await eventually(async () => {
          const { metadata } = await client.get(serviceCidrs, undefined, named(name));
          expect(metadata.finalizers).toEqual([FINALIZER]);
        });
      for (const name of ["used", "freed", "covered"])
        await client.delete(serviceCidrs, undefined, named(name));
      await make("cover", `${ip(48)}/29`);
      await client.delete(services, namespace, "freed");
    },
    async outcome({ client, namespace }) {
      const { items } = await client.list(serviceCidrs, { labelSelector: `world=${namespace}` });
      return items
        .map(({ metadata, status }) => [
          metadata.name.slice(namespace.length + 1),
          metadata.finalizers,
          ...(status?.conditions ?? []).map((one) => `${one.type}=${one.status}`),
        ])
        .sort();
    },
  };

  beforeAll(async () => {
    plane = await ControlPlane.start();
    expected = await reference(plane, scenario);
  });
  afterAll(() => plane.stop());

  it("has a reference state", () => {
    expect(expected).toEqual([
      ["cover", [FINALIZER], "Ready=True"],
      ["kept", [FINALIZER], "Ready=True"],
      ["used", [FINALIZER], "Ready=False"],
    ]);
  });

  itConverges(() => ({ plane, scenario, expected }), { writes: 5, events: 8 });
});
