import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EndpointSlice } from "../../api/index.ts";
import {
  endpointSlices,
  endpoints as endpointsResource,
  nodes,
  pods as podsResource,
  services,
} from "../../api/index.ts";
import { createEndpointsController } from "../endpoints/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { reference, type Scenario } from "../testing/convergence.ts";
import { eventually } from "../testing/eventually.ts";
import { itConverges } from "../testing/fault-tests.ts";
import { node, pod, service } from "../testing/objects.ts";
import { PodActor } from "../testing/pod-actor.ts";
import { createEndpointSliceController } from "./index.ts";

describe("the EndpointSlice and Endpoints controllers under faults", () => {
  let plane: ControlPlane;
  let actor: PodActor;
  let expected: unknown;
  const ready = (one: EndpointSlice): number =>
    (one.endpoints ?? []).filter((endpoint) => endpoint.conditions!.ready).length;
  const scenario: Scenario = {
    controllers: {
      "endpointslice-controller": createEndpointSliceController,
      "endpoint-controller": createEndpointsController,
    },
    async play({ client, namespace }) {
      const readyAre = (count: number) =>
        eventually(async () => {
          const { items } = await client.list(endpointSlices, { namespace });
          expect(items.reduce((total, slice) => total + ready(slice), 0)).toBe(count);
        });
      const ports = [{ name: "http", port: 80, targetPort: "web" }];
      const withPort = (containerPort: number) => ({
        containers: [{ name: "c", image: "i", ports: [{ name: "web", containerPort }] }],
      });
      await client.create(services, service("web", namespace, { ports }));
      for (const name of ["a", "b"])
        await client.create(podsResource, pod(name, namespace, { app: "web" }, withPort(8080)));
      await readyAre(2);
      await client.create(podsResource, pod("c", namespace, { app: "web" }, withPort(8081)));
      await readyAre(3);
      await client.delete(podsResource, namespace, "a");
      await client.patch(podsResource, namespace, "b", "merge", { metadata: { labels: { app: "other" } } });
      await readyAre(1);
    },
    async outcome({ client, namespace }) {
      const slices = (await client.list(endpointSlices, { namespace })).items;
      const older = (await client.list(endpointsResource, { namespace })).items;
      return {
        slices: slices.map((slice) => [
          slice.ports!.map((port) => port.port),
          slice.endpoints.map((one) => [one.targetRef!.name, one.conditions]),
        ]),
        endpoints: older.map((one) =>
          (one.subsets ?? []).map((subset) => [
            subset.ports![0]!.port,
            subset.addresses!.map((address) => address.targetRef!.name),
          ]),
        ),
      };
    },
  };

  beforeAll(async () => {
    plane = await ControlPlane.start();
    await plane.client.create(nodes, node("node-1"));
    actor = await PodActor.start(plane.client);
    expected = await reference(plane, scenario);
  });
  afterAll(async () => {
    await actor.stop();
    await plane.stop();
  });

  it("has a reference state", () => {
    expect(expected).toEqual({
      slices: [[[8081], [["c", { ready: true, serving: true, terminating: false }]]]],
      endpoints: [[[8081, ["c"]]]],
    });
  });

  itConverges(() => ({ plane, scenario, expected }), { writes: 8, events: 20 });
});
