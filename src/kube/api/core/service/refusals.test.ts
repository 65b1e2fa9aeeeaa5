import { describe, expect, it } from "vitest";
import type { Service, ServicePort } from "../../generated/types.ts";
import {
  createdFrom,
  refusalsOnCreate,
  refusalsOnStatusUpdate,
  refusalsOnUpdate,
  rows,
} from "../../testing/refusals.ts";
import { services } from "../service.ts";
import { SERVICE_REFUSALS, SERVICE_STATUS_REFUSALS, SERVICE_UPDATE_REFUSALS } from "./refusals.table.ts";

const BASE = {
  metadata: { name: "s", namespace: "n" },
  spec: { clusterIP: "10.0.0.5", clusterIPs: ["10.0.0.5"], ipFamilies: ["IPv4"], ports: [{ port: 80 }] },
};

describe("a service", () => {
  it.each(rows(SERVICE_REFUSALS))("created with $title", ({ change, errors }) => {
    expect(refusalsOnCreate(services, BASE, change)).toEqual(errors);
  });

  it.each(rows(SERVICE_UPDATE_REFUSALS))("updated to $title", ({ change, errors }) => {
    expect(refusalsOnUpdate(services, BASE, change)).toEqual(errors);
  });

  it.each(rows(SERVICE_STATUS_REFUSALS))("whose status becomes $title", ({ change, errors }) => {
    const balancer = { ...BASE, spec: { ...BASE.spec, type: "LoadBalancer" } };
    expect(refusalsOnStatusUpdate(services, balancer, change)).toEqual(errors);
  });

  it("without a load balancer has no address of one", () => {
    const change = { status: { loadBalancer: { ingress: [{ ip: "10.0.0.1" }] } } };
    expect(refusalsOnStatusUpdate(services, BASE, change)).toEqual([
      "Forbidden status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'",
    ]);
  });
});

describe("node ports", () => {
  const service = (...ports: Partial<ServicePort>[]) =>
    createdFrom(services, BASE, { spec: { type: "NodePort", ports } }) as Service;
  const updated = (next: Service, previous: Service) => {
    services.prepareForUpdate!(next, previous);
    return next.spec.ports!.map((port) => [port.name, port.port, port.nodePort]);
  };

  it("follow the name of their port", () => {
    const before = service(
      { name: "a", port: 80, nodePort: 30080 },
      { name: "b", port: 81, nodePort: 30081 },
    );
    const next = service({ name: "a", port: 81 }, { name: "b", port: 80 });
    expect(updated(next, before)).toEqual([
      ["a", 81, 30080],
      ["b", 80, 30081],
    ]);
  });

  it("are not kept for a port when another one has asked for them", () => {
    const before = service({ name: "a", port: 80, nodePort: 30080 });
    const next = service({ name: "a", port: 80 }, { name: "b", port: 81, nodePort: 30080 });
    expect(updated(next, before)[0]).toEqual(["a", 80, undefined]);
  });
});
