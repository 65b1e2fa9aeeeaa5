import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  endpointSlices,
  events,
  type Ingress,
  ingressClasses,
  ingresses,
  type Secret,
  type Service,
  secrets,
  services,
} from "../../api/index.ts";
import { eventually } from "../../controllers/testing/eventually.ts";
import { certificatePair } from "../testing/certificate-pair.ts";
import { IngressWorld } from "../testing/ingress-world.ts";
import { ingress, path, secret, service, slice } from "../testing/objects.ts";

describe("the controller of Ingresses", () => {
  let world: IngressWorld;
  let namespace: string;
  beforeEach(async () => {
    world = await IngressWorld.start();
    namespace = await world.plane.namespace();
    await eventually(() => world.client.get(ingressClasses, undefined, "gantry"));
  });
  afterEach(() => world.stop());

  const inNamespace = <T extends { metadata: object }>(object: T) => ({
    ...object,
    metadata: {
      ...object.metadata,
      namespace,
      uid: undefined,
      resourceVersion: undefined,
      creationTimestamp: undefined,
    },
  });
  const createIngress = (name: string, spec: Partial<Ingress["spec"]> = {}, annotations = {}) =>
    world.client.create<Ingress>(
      ingresses,
      inNamespace(
        ingress(
          name,
          { rules: [{ host: `${name}.example`, http: { paths: [path("/")] } }], ...spec },
          annotations,
        ),
      ) as never,
    );
  const createService = (name = "web", ports?: Service["spec"]["ports"]) =>
    world.client.create<Service>(services, inNamespace(service(name, ports)) as never);
  const createSlice = (addresses: readonly string[], conditions = { ready: true }) =>
    world.client.create(
      endpointSlices,
      inNamespace(
        slice(
          "web",
          addresses.map((address) => ({ addresses: [address], conditions })),
        ),
      ) as never,
    );
  const createSecret = (one: Secret) => world.client.create<Secret>(secrets, inNamespace(one) as never);
  const addresses = async (name: string) =>
    ((await world.client.get<Ingress>(ingresses, namespace, name)).status?.loadBalancer?.ingress ?? []).map(
      ({ ip }) => ip,
    );
  const eventsOf = async (name: string) =>
    (await world.client.list(events, { namespace })).items
      .filter(({ involvedObject }) => involvedObject.name === name)
      .map(({ type, reason, message }) => `${type} ${reason}: ${message}`)
      .sort();

  it("makes its class, which Ingresses without a class get", async () => {
    expect(await world.client.get(ingressClasses, undefined, "gantry")).toMatchObject({
      metadata: { annotations: { "ingressclass.kubernetes.io/is-default-class": "true" } },
      spec: { controller: "gantry.dev/ingress" },
    });
    expect((await createIngress("a")).spec.ingressClassName).toBe("gantry");
  });

  it("opens no port before the first Ingress, and none after the last", async () => {
    expect(world.proxy.tables).toBe(0);
    await createIngress("a");
    await eventually(() => expect(world.proxy.ports()).toEqual([80, 443]));
    await world.client.delete(ingresses, namespace, "a");
    await eventually(() => expect(world.proxy.ports()).toEqual([]));
    expect(world.proxy.backends.size).toBe(0);
  });

  it("routes to the ready endpoints of the Service, and says where it is reached", async () => {
    await createService();
    await createSlice(["10.0.0.2", "10.0.0.1"]);
    await createIngress("a");
    const backend = `${namespace}/web:80`;
    await eventually(() =>
      expect(world.proxy.rules(80, "a.example")?.[0]?.backends).toEqual([{ backend, weight: 1 }]),
    );
    expect(world.proxy.endpoints(backend)).toEqual(["10.0.0.1:8080", "10.0.0.2:8080"]);
    await eventually(async () => expect(await addresses("a")).toEqual(["192.0.2.1"]));
    await eventually(async () => expect(await eventsOf("a")).toEqual(["Normal Sync: Scheduled for sync"]));
  });

  it("tells a change of endpoints by that backend alone", async () => {
    await createService();
    const made = await createSlice(["10.0.0.1"]);
    await createIngress("a");
    const backend = `${namespace}/web:80`;
    await eventually(() => expect(world.proxy.endpoints(backend)).toEqual(["10.0.0.1:8080"]));
    await eventually(async () => expect(await addresses("a")).toEqual(["192.0.2.1"]));
    const { tables } = world.proxy;
    await world.client.patch(endpointSlices, namespace, made.metadata.name, "merge", {
      endpoints: [{ addresses: ["10.0.0.9"], conditions: { ready: true } }],
    });
    await eventually(() => expect(world.proxy.endpoints(backend)).toEqual(["10.0.0.9:8080"]));
    expect(world.proxy.tables).toBe(tables);
  });

  it("leaves the hosts alone that a change does not concern", async () => {
    await createIngress("a");
    await createIngress("b");
    await eventually(() => expect(world.proxy.rules(80, "b.example")).toBeDefined());
    await eventually(() => expect(world.proxy.rules(80, "a.example")).toBeDefined());
    const hostOf = (name: string) => world.proxy.table.listeners[0]!.hosts.find(({ host }) => host === name);
    const before = hostOf("a.example");
    await world.client.patch(ingresses, namespace, "b", "merge", {
      metadata: { annotations: { "nginx.ingress.kubernetes.io/app-root": "/x" } },
    });
    await eventually(() => expect(hostOf("b.example")?.rules).toHaveLength(2));
    expect(hostOf("a.example")).toBe(before);
  });

  it("warns of a Service that is missing, and of nothing once it is there", async () => {
    await createIngress("a");
    await eventually(async () =>
      expect(await eventsOf("a")).toContain(
        `Warning ServiceNotFound: Service ${namespace}/web does not exist`,
      ),
    );
    await createService();
    await createSlice(["10.0.0.1"]);
    await eventually(() => expect(world.proxy.endpoints(`${namespace}/web:80`)).toEqual(["10.0.0.1:8080"]));
  });

  it("takes a certificate when its Secret comes, and the next one when it changes", async () => {
    const [first, second] = [certificatePair("a.example"), certificatePair("a.example")];
    await createIngress("a", { tls: [{ hosts: ["a.example"], secretName: "tls" }] });
    await eventually(async () =>
      expect(await eventsOf("a")).toContain(`Warning SecretNotFound: Secret ${namespace}/tls does not exist`),
    );
    const certificate = () => world.proxy.table.listeners[1]?.hosts[0]?.certificate;
    const data = (pair: typeof first) => ({ "tls.crt": pair.cert, "tls.key": pair.key });
    await createSecret(secret("tls", data(first), "kubernetes.io/tls"));
    await eventually(() => expect(certificate()).toEqual(first));
    const { data: next } = secret("tls", data(second));
    await world.client.patch(secrets, namespace, "tls", "merge", { data: next });
    await eventually(() => expect(certificate()).toEqual(second));
  });

  it("tells of a port that somebody else has, and of the address once it is free", async () => {
    world.proxy.take(80, "address already in use");
    world.proxy.take(443, "address already in use");
    await createIngress("a");
    await eventually(async () =>
      expect(await eventsOf("a")).toContain(
        "Warning PortUnavailable: port 80 cannot be listened on: address already in use",
      ),
    );
    expect(await addresses("a")).toEqual([]);
    world.proxy.take(80, undefined);
    await eventually(async () => expect(await addresses("a")).toEqual(["192.0.2.1"]));
  });

  it("leaves Ingresses of other classes alone, and lets go of one that becomes another's", async () => {
    await world.client.create(ingressClasses, {
      metadata: { name: "other" },
      spec: { controller: "example.com/other" },
    });
    await createIngress("a", { ingressClassName: "other" });
    await createIngress("b");
    await eventually(async () => expect(await addresses("b")).toEqual(["192.0.2.1"]));
    expect(world.proxy.rules(80, "a.example")).toBeUndefined();
    await world.client.patch(ingresses, namespace, "b", "merge", { spec: { ingressClassName: "other" } });
    await eventually(async () => expect(await addresses("b")).toEqual([]));
    expect(world.proxy.ports()).toEqual([]);
  });

  it.each([
    ["gantry", true],
    ["nginx", false],
  ])("knows the annotation kubernetes.io/ingress.class: %s", async (name, isOwn) => {
    await createIngress("a", {}, { "kubernetes.io/ingress.class": name });
    await createIngress("b");
    await eventually(() => expect(world.proxy.rules(80, "b.example")).toBeDefined());
    expect(world.proxy.rules(80, "a.example") !== undefined).toBe(isOwn);
  });

  it("splits the requests for a path when a canary comes, and gives all to the main one when it goes", async () => {
    await createIngress("main", { rules: [{ host: "a.example", http: { paths: [path("/")] } }] });
    await createIngress(
      "canary",
      { rules: [{ host: "a.example", http: { paths: [path("/", "next")] } }] },
      { canary: "true", "canary-weight": "10" },
    );
    const weights = () =>
      world.proxy.rules(80, "a.example")?.flatMap(({ backends }) => backends.map(({ weight }) => weight));
    await eventually(() => expect(weights()).toEqual([90, 10]));
    await world.client.delete(ingresses, namespace, "canary");
    await eventually(() => expect(weights()).toEqual([1]));
  });

  it("serves at its next start what there is, in one table, and tells nobody again", async () => {
    await createService();
    await createSlice(["10.0.0.1"]);
    await createIngress("a");
    await createIngress("b");
    for (const name of ["a", "b"])
      await eventually(async () => expect(await addresses(name)).toEqual(["192.0.2.1"]));
    await world.stopController();
    const again = await IngressWorld.start(world.plane);
    await eventually(() => expect(again.proxy.rules(80, "b.example")).toBeDefined());
    expect(again.proxy.rules(80, "a.example")).toBeDefined();
    expect(again.proxy.tables).toBe(1);
    expect(again.proxy.endpoints(`${namespace}/web:80`)).toEqual(["10.0.0.1:8080"]);
    await again.stopController();
    expect(await eventsOf("a")).toEqual(["Normal Sync: Scheduled for sync"]);
  });
});
