import { describe, expect, it } from "vitest";
import type { Service, ServiceSpec } from "../generated/types.ts";
import { toTable } from "../table.ts";
import { services } from "./service.ts";

function makeService(spec: object, status?: object): Service {
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "default", creationTimestamp: "2024-05-01T11:00:00Z" },
    spec,
    ...(status === undefined ? {} : { status }),
  } as unknown as Service;
  services.defaults!(service);
  return service;
}

const errorsOf = (spec: object) =>
  services.validate!(makeService(spec)).map((one) => `${one.field}: ${one.message}`);
const cells = (spec: object, status?: object) =>
  toTable(services, [makeService(spec, status)], { nowMs: Date.parse("2024-05-03T11:00:00Z") }).rows[0]!
    .cells;

describe("services", () => {
  it("have upstream's defaults", () => {
    expect(makeService({ ports: [{ port: 80 }] }).spec).toEqual({
      type: "ClusterIP",
      sessionAffinity: "None",
      internalTrafficPolicy: "Cluster",
      ports: [{ port: 80, protocol: "TCP", targetPort: 80 }],
    });
    expect(
      makeService({ type: "LoadBalancer", ports: [{ port: 80, targetPort: "http" }] }).spec,
    ).toMatchObject({
      externalTrafficPolicy: "Cluster",
      allocateLoadBalancerNodePorts: true,
      ports: [{ targetPort: "http" }],
    });
    expect(makeService({ sessionAffinity: "ClientIP" }).spec.sessionAffinityConfig).toEqual({
      clientIP: { timeoutSeconds: 10800 },
    });
  });

  it.each([
    [{}, ["spec.ports: Required value"]],
    [
      { ports: [{ port: 0 }] },
      [
        "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
        "spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive",
      ],
    ],
    [{ ports: [{ port: 80 }, { port: 81, name: "b" }] }, ["spec.ports[0].name: Required value"]],
    [
      { type: "Magic", ports: [{ port: 80 }] },
      [
        'spec.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
      ],
    ],
    [{ type: "ExternalName" }, ["spec.externalName: Required value"]],
    [
      { ports: [{ port: 80, nodePort: 30000 }] },
      ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ],
    [{ clusterIP: "None", clusterIPs: ["None"] }, []],
    [
      { ports: [{ port: 80 }], externalIPs: ["x"] },
      [
        'spec.externalIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      ],
    ],
  ])("of %j have the errors %j", (spec, expected) => {
    expect(errorsOf(spec)).toEqual(expected);
  });

  it("keep the addresses and ports they were given", () => {
    const previous = makeService({
      type: "NodePort",
      clusterIP: "10.0.0.5",
      clusterIPs: ["10.0.0.5"],
      ipFamilies: ["IPv4"],
      ports: [{ port: 80, nodePort: 30080 }],
    });
    const next = makeService({ type: "NodePort", ports: [{ port: 80 }] });
    services.prepareForUpdate!(next, previous);
    expect(next.spec).toMatchObject({
      clusterIP: "10.0.0.5",
      clusterIPs: ["10.0.0.5"],
      ports: [{ nodePort: 30080 }],
    });
    const moved = structuredClone(next);
    Object.assign(moved.spec, {
      clusterIP: "10.0.0.6",
      clusterIPs: ["10.0.0.6"],
    } satisfies Partial<ServiceSpec>);
    expect(services.validateUpdate!(moved, previous).map((one) => `${one.field}: ${one.message}`)).toEqual([
      'spec.clusterIPs[0]: Invalid value: []string{"10.0.0.6"}: may not change once set',
    ]);
  });

  it("give up what their new type has no use for", () => {
    const previous = makeService({
      type: "LoadBalancer",
      clusterIP: "10.0.0.5",
      clusterIPs: ["10.0.0.5"],
      ports: [{ port: 80, nodePort: 30080 }],
    });
    const next = structuredClone(previous);
    next.spec.type = "ClusterIP";
    services.prepareForUpdate!(next, previous);
    expect(next.spec.ports).toEqual([{ port: 80, protocol: "TCP", targetPort: 80 }]);
    expect(next.spec).not.toHaveProperty("allocateLoadBalancerNodePorts");
    expect(next.spec).not.toHaveProperty("externalTrafficPolicy");
    expect(services.validate!(next)).toEqual([]);
    const named = structuredClone(next);
    Object.assign(named.spec, { type: "ExternalName", externalName: "a.b" } satisfies Partial<ServiceSpec>);
    services.prepareForUpdate!(named, next);
    expect(named.spec).not.toHaveProperty("internalTrafficPolicy");
    expect(named.spec).not.toHaveProperty("clusterIP");
  });

  it("show their rows", () => {
    const ports = [{ port: 80, nodePort: 31234 }];
    expect(cells({ clusterIP: "10.0.0.1", ports: [{ port: 80 }, { port: 53, protocol: "UDP" }] })).toEqual([
      "web",
      "ClusterIP",
      "10.0.0.1",
      "<none>",
      "80/TCP,53/UDP",
      "2d",
      "<none>",
    ]);
    expect(cells({ type: "NodePort", clusterIP: "10.0.0.1", ports, selector: { app: "web" } })).toEqual([
      "web",
      "NodePort",
      "10.0.0.1",
      "<none>",
      "80:31234/TCP",
      "2d",
      "app=web",
    ]);
    expect(cells({ type: "LoadBalancer", clusterIP: "10.0.0.1", ports })[3]).toBe("<pending>");
    expect(
      cells(
        { type: "LoadBalancer", clusterIP: "10.0.0.1", ports },
        { loadBalancer: { ingress: [{ ip: "1.2.3.4" }] } },
      )[3],
    ).toBe("1.2.3.4");
    expect(cells({ type: "ExternalName", externalName: "example.com" }).slice(2, 5)).toEqual([
      "<none>",
      "example.com",
      "<none>",
    ]);
  });
});
