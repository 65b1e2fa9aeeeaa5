import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  configMaps,
  customResourceDefinitions,
  endpointSlices,
  type KindDefinition,
  namespaces,
  services,
} from "../../api/index.ts";
import { eventually } from "../../controllers/testing/eventually.ts";
import { GATEWAY_GROUP, type GatewayKind, servedGatewayKinds } from "../gateway/gateway-kinds.ts";
import type {
  BackendTlsPolicy,
  Condition,
  Gateway,
  GatewayClass,
  GatewayListener,
  HttpRoute,
} from "../gateway/gateway-types.ts";
import { certificatePair } from "../testing/certificate-pair.ts";
import { defineGatewayKinds } from "../testing/gateway-definitions.ts";
import { IngressWorld } from "../testing/ingress-world.ts";
import { service, slice } from "../testing/objects.ts";

describe("the controller of Gateways", () => {
  let world: IngressWorld;
  let namespace: string;
  beforeEach(async () => {
    world = await IngressWorld.start();
    namespace = await world.plane.namespace();
    await defineGatewayKinds(world.client);
    await eventually(() => get<GatewayClass>("GatewayClass", "gantry"));
  });
  afterEach(() => world.stop());

  const kind = (name: GatewayKind): KindDefinition =>
    servedGatewayKinds(world.plane.server.api.kinds).get(name)!;
  const isGlobal = (name: GatewayKind) => name === "GatewayClass";
  const create = (name: GatewayKind, called: string, spec: object, inside = namespace) =>
    world.client.create(kind(name), {
      metadata: isGlobal(name) ? { name: called } : { name: called, namespace: inside },
      spec,
    });
  const get = <T extends { metadata: object }>(name: GatewayKind, called: string) =>
    world.client.get(kind(name), isGlobal(name) ? undefined : namespace, called) as unknown as Promise<T>;
  const patch = (name: GatewayKind, called: string, spec: object) =>
    world.client.patch(kind(name), namespace, called, "merge", { spec });
  const createGateway = (listeners: Partial<GatewayListener>[], called = "gate") =>
    create("Gateway", called, {
      gatewayClassName: "gantry",
      listeners: listeners.map((one, index) => ({ name: `l${index}`, port: 80, protocol: "HTTP", ...one })),
    });
  const createRoute = (spec: object = {}, called = "route") =>
    create("HTTPRoute", called, {
      parentRefs: [{ name: "gate" }],
      rules: [{ backendRefs: [{ name: "web", port: 80 }] }],
      ...spec,
    });
  const createBackend = async () => {
    const place = { namespace, uid: undefined, resourceVersion: undefined, creationTimestamp: undefined };
    const [one, endpoints] = [
      service("web"),
      slice("web", [{ addresses: ["10.0.0.1"], conditions: { ready: true } }]),
    ];
    await world.client.create(services, { ...one, metadata: { ...one.metadata, ...place } } as never);
    await world.client.create(endpointSlices, {
      ...endpoints,
      metadata: { ...endpoints.metadata, ...place },
    } as never);
  };
  const told = (conditions: readonly Condition[] = []) =>
    conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`);
  const ofRoute = async (called = "route") =>
    told((await get<HttpRoute>("HTTPRoute", called)).status?.parents?.[0]?.conditions);
  const backends = (host: string, port = 80) => world.proxy.rules(port, host)?.map((rule) => rule.backends);

  it("makes its class when the kinds come, and says that it takes it", async () => {
    await eventually(async () => {
      const { spec, status } = await get<GatewayClass>("GatewayClass", "gantry");
      expect(spec.controllerName).toBe("gantry.dev/gateway");
      expect(told(status?.conditions)).toContain("Accepted True Accepted");
    });
    expect(world.proxy.tables).toBe(0);
  });

  it("serves a Gateway with a route, and says so in their statuses", async () => {
    await createBackend();
    await createGateway([{ hostname: "*.example" }]);
    await createRoute({ hostnames: ["a.example"] });
    await eventually(() =>
      expect(backends("a.example")).toEqual([[{ backend: `${namespace}/web:80`, weight: 1 }]]),
    );
    expect(world.proxy.endpoints(`${namespace}/web:80`)).toEqual(["10.0.0.1:8080"]);
    await eventually(async () =>
      expect(await ofRoute()).toEqual(["Accepted True Accepted", "ResolvedRefs True ResolvedRefs"]),
    );
    await eventually(async () => {
      const { status } = await get<Gateway>("Gateway", "gate");
      expect(status?.addresses).toEqual([{ type: "IPAddress", value: "192.0.2.1" }]);
      expect(told(status?.conditions)).toEqual(["Accepted True Accepted", "Programmed True Programmed"]);
      expect(status?.listeners).toMatchObject([
        {
          name: "l0",
          attachedRoutes: 1,
          supportedKinds: [{ group: GATEWAY_GROUP, kind: "HTTPRoute" }, { kind: "GRPCRoute" }],
        },
      ]);
      expect(told(status?.listeners?.[0]?.conditions)).toEqual([
        "Accepted True Accepted",
        "Conflicted False NoConflicts",
        "ResolvedRefs True ResolvedRefs",
        "Programmed True Programmed",
      ]);
    });
  });

  it("writes a status once, and leaves it alone while nothing changes", async () => {
    await createBackend();
    await createGateway([{}]);
    await createRoute();
    await eventually(async () =>
      expect((await get<Gateway>("Gateway", "gate")).status?.listeners?.[0]?.attachedRoutes).toBe(1),
    );
    await eventually(async () => expect(await ofRoute()).toContain("Accepted True Accepted"));
    const versions = async () =>
      Promise.all([get<Gateway>("Gateway", "gate"), get<HttpRoute>("HTTPRoute", "route")]).then((all) =>
        all.map(({ metadata }) => metadata.resourceVersion),
      );
    const before = await versions();
    await createRoute({ parentRefs: [{ name: "elsewhere" }] }, "other");
    await createRoute({ hostnames: ["b.example"] }, "third");
    await eventually(async () =>
      expect((await get<Gateway>("Gateway", "gate")).status?.listeners?.[0]?.attachedRoutes).toBe(2),
    );
    const after = await versions();
    expect(Number(after[0])).toBeGreaterThan(Number(before[0]));
    expect(after[1]).toBe(before[1]);
  });

  it("tells of a port that somebody else has", async () => {
    world.proxy.take(80, "address already in use");
    await createGateway([{}]);
    await eventually(async () => {
      const { status } = await get<Gateway>("Gateway", "gate");
      expect(told(status?.conditions)).toEqual([
        "Accepted False ListenersNotValid",
        "Programmed False Invalid",
      ]);
      expect(told(status?.listeners?.[0]?.conditions)).toContain("Accepted False PortUnavailable");
    });
    world.proxy.take(80, undefined);
    await eventually(async () =>
      expect(told((await get<Gateway>("Gateway", "gate")).status?.conditions)).toContain(
        "Programmed True Programmed",
      ),
    );
  });

  it("routes again when a Service, a grant or a namespace's labels come", async () => {
    await createGateway([
      { allowedRoutes: { namespaces: { from: "Selector", selector: { matchLabels: { team: "a" } } } } },
    ]);
    const elsewhere = await world.plane.namespace();
    await createRoute({ rules: [{ backendRefs: [{ name: "web", port: 80, namespace: elsewhere }] }] });
    await eventually(async () => expect(await ofRoute()).toContain("Accepted False NotAllowedByListeners"));
    await world.client.patch(namespaces, undefined, namespace, "merge", {
      metadata: { labels: { team: "a" } },
    });
    await eventually(async () =>
      expect(await ofRoute()).toEqual(["Accepted True Accepted", "ResolvedRefs False RefNotPermitted"]),
    );
    await create(
      "ReferenceGrant",
      "grant",
      {
        from: [{ group: GATEWAY_GROUP, kind: "HTTPRoute", namespace }],
        to: [{ group: "", kind: "Service" }],
      },
      elsewhere,
    );
    await eventually(async () => expect(await ofRoute()).toContain("ResolvedRefs False BackendNotFound"));
    await world.client.create(services, {
      metadata: { name: "web", namespace: elsewhere },
      spec: { ports: [{ port: 80 }] },
    });
    await eventually(async () => expect(await ofRoute()).toContain("ResolvedRefs True ResolvedRefs"));
    expect(backends("*")).toEqual([[{ backend: `${elsewhere}/web:80`, weight: 1 }]]);
  });

  it("lets go of what goes: a route, a Gateway, all of the kinds", async () => {
    await createBackend();
    await createGateway([{}, { port: 8080 }]);
    await createRoute();
    await eventually(() => expect(backends("*", 8080)).toHaveLength(1));
    await world.client.delete(kind("HTTPRoute"), namespace, "route");
    await eventually(() => expect(backends("*", 8080)).toEqual([]));
    expect(world.proxy.backends.size).toBe(0);
    await patch("Gateway", "gate", { listeners: [{ name: "l0", port: 80, protocol: "HTTP" }] });
    await eventually(() => expect(world.proxy.ports()).toEqual([80]));
    await world.client.delete(customResourceDefinitions, undefined, `gateways.${GATEWAY_GROUP}`);
    await eventually(() => expect(world.proxy.ports()).toEqual([]));
  });

  it("is not held up by an object that no definition would have taken", async () => {
    await create("Gateway", "broken", { gatewayClassName: "gantry" });
    await create("HTTPRoute", "broken", { parentRefs: [{ name: "gate" }], rules: {} });
    await createBackend();
    await createGateway([{}]);
    await createRoute();
    await eventually(() => expect(backends("*")).toHaveLength(1));
  });

  it("leaves Gateways of other classes alone", async () => {
    await create("GatewayClass", "other", { controllerName: "example.com/other" });
    await create("Gateway", "gate", {
      gatewayClassName: "other",
      listeners: [{ name: "l0", port: 80, protocol: "HTTP" }],
    });
    await createRoute();
    await createGateway([{ port: 81 }], "own");
    await eventually(() => expect(world.proxy.ports()).toEqual([81]));
    expect((await get<Gateway>("Gateway", "gate")).status).toBeUndefined();
    expect((await get<HttpRoute>("HTTPRoute", "route")).status).toBeUndefined();
  });

  it("keeps what other controllers say of a route", async () => {
    const theirs = { parentRef: { name: "far" }, controllerName: "example.com/other", conditions: [] };
    await createGateway([{}]);
    const made = await createRoute({ parentRefs: [{ name: "gate" }, { name: "far" }] });
    await world.client.patch(
      kind("HTTPRoute"),
      namespace,
      made.metadata.name,
      "merge",
      { status: { parents: [theirs] } },
      { subresource: "status" },
    );
    await patch("HTTPRoute", "route", { hostnames: ["a.example"] });
    await eventually(async () => {
      const { status } = await get<HttpRoute>("HTTPRoute", "route");
      expect(status?.parents?.map(({ controllerName }) => controllerName)).toEqual([
        "example.com/other",
        "gantry.dev/gateway",
      ]);
    });
  });

  it("tells a BackendTLSPolicy through which Gateway it is in force", async () => {
    await createBackend();
    await createGateway([{}]);
    await createRoute();
    await create("BackendTLSPolicy", "policy", {
      targetRefs: [{ group: "", kind: "Service", name: "web" }],
      validation: {
        hostname: "web.example",
        caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "ca" }],
      },
    });
    const ancestors = async () =>
      (await get<BackendTlsPolicy>("BackendTLSPolicy", "policy")).status?.ancestors ?? [];
    await eventually(async () => {
      const [first] = await ancestors();
      expect(first?.ancestorRef).toMatchObject({ kind: "Gateway", namespace, name: "gate" });
      expect(told(first?.conditions)).toEqual([
        "Accepted False NoValidCACertificate",
        "ResolvedRefs False InvalidCACertificateRef",
      ]);
    });
    const { cert } = certificatePair("ca");
    await world.client.create(configMaps, { metadata: { name: "ca", namespace }, data: { "ca.crt": cert } });
    await eventually(() =>
      expect([...world.proxy.backends.values()][0]?.tls).toEqual({
        ca: cert,
        serverName: "web.example",
        verify: true,
      }),
    );
    await eventually(async () =>
      expect(told((await ancestors())[0]?.conditions)).toContain("Accepted True Accepted"),
    );
  });
});
