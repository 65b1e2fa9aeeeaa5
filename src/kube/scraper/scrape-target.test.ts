import { describe, expect, it } from "vitest";
import type { EndpointSlice, Pod, Service } from "../api/index.ts";
import { targetsOfPod, targetsOfService } from "./scrape-target.ts";

const scrape = (more: object = {}) => ({ "prometheus.io/scrape": "true", ...more });

function pod(
  annotations: object,
  { ports = [{ containerPort: 8080 }] as object[], phase = "Running" } = {},
): Pod {
  return {
    metadata: { name: "web", namespace: "shop", annotations },
    spec: { containers: [{ name: "a", ports }] },
    status: { phase, podIP: "10.0.0.7" },
  } as unknown as Pod;
}

const service = (annotations: object): Service =>
  ({ metadata: { name: "web", namespace: "shop", annotations } }) as unknown as Service;

const slice = (endpoints: object[]): EndpointSlice =>
  ({ ports: [{ port: 9000 }, { port: 53, protocol: "UDP" }], endpoints }) as unknown as EndpointSlice;
const endpoint = (address: string, name?: string) => ({
  addresses: [address],
  ...(name ? { targetRef: { kind: "Pod", name } } : {}),
});

describe("where a pod tells its metrics", () => {
  it.each<[string, Pod, string[]]>([
    ["not asked for", pod({}), []],
    ["asked for with another word", pod({ "prometheus.io/scrape": "yes" }), []],
    ["asked for", pod(scrape()), ["http://10.0.0.7:8080/metrics"]],
    ["with a port", pod(scrape({ "prometheus.io/port": "9100" })), ["http://10.0.0.7:9100/metrics"]],
    [
      "with a port that is none",
      pod(scrape({ "prometheus.io/port": "x" })),
      ["http://10.0.0.7:8080/metrics"],
    ],
    ["with a path", pod(scrape({ "prometheus.io/path": "m?a=b" })), ["http://10.0.0.7:8080/m?a=b"]],
    ["with a scheme", pod(scrape({ "prometheus.io/scheme": "https" })), ["https://10.0.0.7:8080/metrics"]],
    ["with a path without end", pod(scrape({ "prometheus.io/path": `/${"a".repeat(3000)}` })), []],
    ["without ports", pod(scrape(), { ports: [] }), ["http://10.0.0.7:80/metrics"]],
    [
      "with several",
      pod(scrape(), {
        ports: [{ containerPort: 1 }, { containerPort: 2 }, { containerPort: 3, protocol: "UDP" }],
      }),
      ["http://10.0.0.7:1/metrics", "http://10.0.0.7:2/metrics"],
    ],
    ["not yet running", pod(scrape(), { phase: "Pending" }), []],
  ])("%s", (_, from, urls) => {
    expect(targetsOfPod(from).map(({ key }) => key)).toEqual(urls.map((url) => `shop/web ${url}`));
  });
});

describe("where a Service's pods tell their metrics", () => {
  const slices = [slice([endpoint("10.0.0.1", "a"), endpoint("169.254.169.254"), endpoint("10.0.0.2", "b")])];

  it("is at its endpoints that are pods", () => {
    expect(targetsOfService(service(scrape()), slices).map(({ key }) => key)).toEqual([
      "shop/a http://10.0.0.1:9000/metrics",
      "shop/b http://10.0.0.2:9000/metrics",
    ]);
    const [first] = targetsOfService(service(scrape({ "prometheus.io/port": "1" })), slices);
    expect(first).toMatchObject({ pod: "a", host: "10.0.0.1", port: 1 });
    expect(targetsOfService(service({}), slices)).toEqual([]);
  });
});
