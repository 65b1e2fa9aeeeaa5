import { describe, expect, it } from "vitest";
import type { EndpointSlice, ServicePort } from "../../api/index.ts";
import { service, slice } from "../testing/objects.ts";
import { endpointsOf, protocolOf, servicePort } from "./service-endpoints.ts";

const port: ServicePort = { name: "http", port: 80 };
const at = (address: string, conditions?: EndpointSlice["endpoints"][number]["conditions"]) => ({
  addresses: [address],
  ...(conditions ? { conditions } : {}),
});
const ENDING = { ready: false, serving: true, terminating: true };
const GONE = { ready: false, serving: false, terminating: true };

describe("endpoints of a Service's port", () => {
  it.each<[name: string, slices: EndpointSlice[], endpoints: string[]]>([
    [
      "are those that are ready",
      [slice("web", [at("10.0.0.2"), at("10.0.0.1", { ready: true }), at("10.0.0.3", { ready: false })])],
      ["10.0.0.1:8080", "10.0.0.2:8080"],
    ],
    [
      "are never those that end, while others are ready",
      [slice("web", [at("10.0.0.1"), at("10.0.0.2", ENDING)])],
      ["10.0.0.1:8080"],
    ],
    [
      "are those that end and still serve, where none is ready",
      [slice("web", [at("10.0.0.1", ENDING), at("10.0.0.2", GONE)])],
      ["10.0.0.1:8080"],
    ],
    [
      "are of all slices, each once",
      [slice("web", [at("10.0.0.1")]), slice("web", [at("10.0.0.1"), at("10.0.0.2")])],
      ["10.0.0.1:8080", "10.0.0.2:8080"],
    ],
    [
      "are at the slice's port of the same name",
      [
        slice(
          "web",
          [at("10.0.0.1")],
          [
            { name: "other", port: 1 },
            { name: "http", port: 2 },
          ],
        ),
      ],
      ["10.0.0.1:2"],
    ],
    ["are none of a slice without ports", [slice("web", null as never, null as never)], []],
    ["are none that is a name", [{ ...slice("web", [at("a.example")]), addressType: "FQDN" }], []],
  ])("%s", (_name, slices, endpoints) => {
    expect(endpointsOf(slices, port).map(({ address, port: number }) => `${address}:${number}`)).toEqual(
      endpoints,
    );
  });

  it("may have no name", () => {
    expect(endpointsOf([slice("web", [at("10.0.0.1")], [{ port: 8080 }])], { port: 80 })).toHaveLength(1);
  });
});

describe("a port of a Service", () => {
  const one = service("web", [port, { name: "grpc", port: 9000 }]);
  it.each([
    [80, "http"],
    ["grpc", "grpc"],
    [81, undefined],
    ["none", undefined],
  ])("is found by %s", (wanted, name) => {
    expect(servicePort(one, wanted)?.name).toBe(name);
  });

  it.each([
    [undefined, "auto"],
    ["http", "auto"],
    ["kubernetes.io/h2c", "h2c"],
    ["kubernetes.io/ws", "http1"],
  ])("is spoken to as its appProtocol %s says", (appProtocol, protocol) => {
    expect(protocolOf({ port: 80, ...(appProtocol ? { appProtocol } : {}) })).toBe(protocol);
  });
});
