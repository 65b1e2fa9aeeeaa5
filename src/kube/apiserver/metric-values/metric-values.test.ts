import { describe, expect, it } from "vitest";
import { apiServices } from "../../api/index.ts";
import type { MetricSeries, MetricSource } from "../../client/index.ts";
import { describeAnswers } from "../testing/answer-table.ts";
import { registerExtension, startExtensionServer } from "../testing/extension-server.ts";
import { startTestServer } from "../testing/start-test-server.ts";

const CUSTOM = "/apis/custom.metrics.k8s.io";
const IN_DEFAULT = `${CUSTOM}/v1beta2/namespaces/default`;
const EXTERNAL = "/apis/external.metrics.k8s.io/v1beta1";
const PODS = "/api/v1/namespaces/default/pods";
const atMs = Date.UTC(2026, 0, 2);
const timestamp = "2026-01-02T00:00:00Z";

const SERIES: [metric: string, series: MetricSeries][] = [
  ["hits", { pod: "a", services: ["web"], labels: { code: "200" }, value: 10, atMs }],
  ["hits", { pod: "a", services: ["web"], labels: { code: "500" }, value: 0.5, atMs: atMs + 1000 }],
  ["hits", { pod: "b", services: [], labels: { code: "200" }, value: 7, atMs }],
  ["odd", { pod: "a", services: [], labels: { pod: "inner" }, value: Number.NaN, atMs }],
  ["rate", { pod: "a", services: [], labels: {}, value: 1.2349, atMs, windowMs: 30_400 }],
];
const source: MetricSource = {
  names: () => [
    { name: "hits", isOfService: true },
    { name: "odd", isOfService: false },
    { name: "rate", isOfService: false },
  ],
  series: (namespace, metric) =>
    namespace === "default" ? SERIES.filter(([name]) => name === metric).map(([, one]) => one) : [],
};
const pod = (name: string, app: string): [string, object] => [
  PODS,
  { metadata: { name, labels: { app } }, spec: { containers: [{ name: "a", image: "a" }] } },
];
const described = (kind: string, name: string) => ({
  kind,
  ...(kind === "Namespace" ? {} : { namespace: "default" }),
  name,
  apiVersion: "v1",
});

describeAnswers("metrics that pods tell", {
  metricSource: () => source,
  stored: [
    pod("a", "web"),
    pod("b", "web"),
    pod("c", "web"),
    pod("d", "other"),
    ["/api/v1/namespaces/default/services", { metadata: { name: "web" }, spec: { ports: [{ port: 80 }] } }],
  ],
  rows: [
    {
      request: `GET ${IN_DEFAULT}/pods/a/hits`,
      code: 200,
      object: {
        kind: "MetricValueList",
        apiVersion: "custom.metrics.k8s.io/v1beta2",
        metadata: {},
        items: [
          {
            describedObject: described("Pod", "a"),
            metric: { name: "hits", selector: null },
            timestamp,
            value: "10500m",
          },
        ],
      },
    },
    {
      request: `GET ${CUSTOM}/v1beta1/namespaces/default/pods/b/hits`,
      code: 200,
      object: {
        apiVersion: "custom.metrics.k8s.io/v1beta1",
        items: [
          {
            describedObject: described("Pod", "b"),
            metricName: "hits",
            timestamp,
            value: "7",
            selector: null,
          },
        ],
      },
    },
    {
      request: `GET ${IN_DEFAULT}/pods/*/hits?labelSelector=app%3Dweb`,
      code: 200,
      object: { items: [{ value: "10500m" }, { value: "7" }] },
    },
    {
      request: `GET ${IN_DEFAULT}/pods/*/hits?metricLabelSelector=code%3D500`,
      code: 200,
      object: {
        items: [{ metric: { name: "hits", selector: { matchLabels: { code: "500" } } }, value: "500m" }],
      },
    },
    {
      request: `GET ${IN_DEFAULT}/pods/*/hits?metricLabelSelector=code%20in%20(1,2),!x`,
      code: 200,
      object: { items: [] },
    },
    { request: `GET ${IN_DEFAULT}/pods/*/hits?labelSelector=app%3Dother`, code: 200, object: { items: [] } },
    {
      request: `GET ${IN_DEFAULT}/services/web/hits`,
      code: 200,
      object: { items: [{ describedObject: described("Service", "web"), value: "10500m" }] },
    },
    { request: `GET ${IN_DEFAULT}/services/*/hits`, code: 200, object: { items: [{ value: "10500m" }] } },
    {
      request: `GET ${IN_DEFAULT}/metrics/hits`,
      code: 200,
      object: { items: [{ describedObject: described("Namespace", "default"), value: "17500m" }] },
    },
    {
      request: `GET ${IN_DEFAULT}/pods/a/rate`,
      code: 200,
      object: { items: [{ windowSeconds: 30, value: "1234m" }] },
    },
    { request: `GET ${IN_DEFAULT}/pods/a/odd`, code: 200, object: { items: [{ value: "0" }] } },
    {
      request: `GET ${IN_DEFAULT}/pods/c/hits`,
      code: 404,
      reason: "NotFound",
      message: "the server could not find the metric hits for pods c",
    },
    {
      request: `GET ${IN_DEFAULT}/pods/*/none`,
      code: 404,
      message: "the server could not find the metric none for pods",
    },
    {
      request: `GET ${IN_DEFAULT}/services/*/rate`,
      code: 404,
      message: "the server could not find the metric rate for services",
    },
    {
      request: `GET ${IN_DEFAULT}/deployments.apps/web/hits`,
      code: 404,
      message: "the server could not find the metric hits for deployments.apps web",
    },
    {
      request: `GET ${CUSTOM}/v1beta2/namespaces/other/metrics/hits`,
      code: 404,
      message: "the server could not find the metric hits for namespaces other",
    },
    {
      request: `GET ${IN_DEFAULT}/pods/*/hits?metricLabelSelector=%3D%3D`,
      code: 400,
      reason: "BadRequest",
    },
    { request: `GET ${IN_DEFAULT}/pods/a/hits/more`, code: 404 },
    { request: `GET ${IN_DEFAULT}/pods/a`, code: 404 },
    { request: `GET ${CUSTOM}/v1/namespaces/default/pods/a/hits`, code: 404 },
    { request: `GET ${CUSTOM}/v1beta2/nodes/a/hits`, code: 404 },
    { request: `DELETE ${IN_DEFAULT}/pods/a/hits`, code: 405, reason: "MethodNotAllowed" },
    {
      request: `GET ${EXTERNAL}/namespaces/default/hits?labelSelector=code%3D200`,
      code: 200,
      object: {
        kind: "ExternalMetricValueList",
        apiVersion: "external.metrics.k8s.io/v1beta1",
        metadata: {},
        items: [
          {
            metricName: "hits",
            metricLabels: { code: "200", namespace: "default", pod: "a", service: "web" },
            timestamp,
            value: "10",
          },
          { metricLabels: { code: "200", namespace: "default", pod: "b" }, value: "7" },
        ],
      },
    },
    {
      request: `GET ${EXTERNAL}/namespaces/default/odd`,
      code: 200,
      object: { items: [{ metricLabels: { exported_pod: "inner", namespace: "default", pod: "a" } }] },
    },
    { request: `GET ${EXTERNAL}/namespaces/default/rate`, code: 200, object: { items: [{ window: 30 }] } },
    { request: `GET ${EXTERNAL}/namespaces/other/hits`, code: 200, object: { items: [] } },
    {
      request: `GET ${EXTERNAL}/namespaces/default/none`,
      code: 404,
      message: "the server could not find the metric none",
    },
    { request: `GET ${EXTERNAL}/namespaces/default/hits/one`, code: 404 },
    { request: `GET ${EXTERNAL}/namespaces/default/hits?watch=1`, code: 405 },
    {
      request: `GET ${CUSTOM}/v1beta1`,
      code: 200,
      object: {
        groupVersion: "custom.metrics.k8s.io/v1beta1",
        resources: [
          ...["hits", "odd", "rate"].map((name) => ({
            name: `namespaces/${name}`,
            singularName: "",
            namespaced: false,
            kind: "MetricValueList",
            verbs: ["get"],
          })),
          ...["hits", "odd", "rate"].map((name) => ({ name: `pods/${name}`, namespaced: true })),
          { name: "services/hits", namespaced: true },
        ],
      },
    },
    {
      request: `GET ${CUSTOM}`,
      code: 200,
      object: {
        versions: [{ version: "v1beta2" }, { version: "v1beta1" }],
        preferredVersion: { version: "v1beta2" },
      },
    },
    {
      request: `GET ${EXTERNAL}`,
      code: 200,
      object: {
        resources: [
          { name: "hits", namespaced: true, kind: "ExternalMetricValueList", verbs: ["get"] },
          {},
          {},
        ],
      },
    },
  ],
});

describe("the APIs of metrics", () => {
  it("are all an add-on's that takes one version of a group over, until it goes", async () => {
    const server = await startTestServer({ metricSource: () => source });
    const names = async () =>
      (await server.client.list(apiServices)).items
        .map(({ metadata }) => metadata.name)
        .filter((name) => name.endsWith("custom.metrics.k8s.io"))
        .sort();
    const until = async (wanted: string[]) => expect.poll(names).toEqual(wanted);
    const both = ["v1beta1.custom.metrics.k8s.io", "v1beta2.custom.metrics.k8s.io"];
    await until(both);
    const hits = {
      group: "custom.metrics.k8s.io",
      resource: "pods",
      namespaced: true,
      kind: "MetricValueList",
    };
    const read = (version: string) =>
      server.client.get({ ...hits, version } as never, "default", "a", { subresource: "hits" });
    expect(await read("v1beta2")).toMatchObject({ items: [{ value: "10500m" }] });

    const own = await server.client.get(apiServices, undefined, both[0]!);
    const service = { namespace: "default", name: "adapter", port: 443 };
    await server.client.update(apiServices, { ...own, spec: { ...own.spec, service } });
    await until([both[0]!]);
    await expect(read("v1beta2")).rejects.toThrow("could not find the requested resource");
    // There is no such Service.
    await expect(read("v1beta1")).rejects.toThrow("the server is currently unable to handle the request");

    await server.client.delete(apiServices, undefined, both[0]!);
    await until(both);
    expect(await read("v1beta1")).toMatchObject({ items: [{ value: "10500m" }] });
    await server.stop();
  });

  it("are an add-on's for callers in the same process, too", async () => {
    const server = await startTestServer({ metricSource: () => source });
    const extension = await startExtensionServer(server);
    const told = { metricName: "hits", metricLabels: {}, timestamp, value: "42" };
    extension.answer = (req, res) => {
      const isRead = req.url!.startsWith(`${EXTERNAL}/namespaces/default/hits?`);
      const isRefused = req.url!.startsWith(`${EXTERNAL}/namespaces/default/none`);
      const status = {
        kind: "Status",
        status: "Failure",
        reason: "NotFound",
        message: "no such figure",
        code: 404,
      };
      res.writeHead(isRefused ? 404 : 200, { "content-type": "application/json" });
      res.end(JSON.stringify(isRefused ? status : isRead ? { items: [told] } : { resources: [] }));
      return true;
    };
    await registerExtension(server, extension);
    const name = "v1beta1.external.metrics.k8s.io";
    await expect
      .poll(() => server.client.get(apiServices, undefined, name).catch(() => undefined))
      .toBeTruthy();
    const own = await server.client.get(apiServices, undefined, name);
    const service = { namespace: "default", name: "wardle", port: 443 };
    const { caBundle } = extension;
    await server.client.update(apiServices, { ...own, spec: { ...own.spec, service, caBundle } });
    const list = (resource: string) =>
      server.client.list(
        {
          group: "external.metrics.k8s.io",
          version: "v1beta1",
          kind: "ExternalMetricValueList",
          resource,
          namespaced: true,
        },
        { namespace: "default", labelSelector: "a=b" },
      );
    await expect.poll(() => list("hits").catch(() => undefined)).toEqual({ items: [told] });
    const { url, headers, proxy } = extension.requests.findLast((one) => one.url.includes("/hits"))!;
    expect(url).toBe(`${EXTERNAL}/namespaces/default/hits?labelSelector=a%3Db`);
    expect(headers["x-remote-user"]).toEqual(["admin"]);
    expect(proxy).toBe("front-proxy-client");
    await expect(list("none")).rejects.toMatchObject({ message: "no such figure", reason: "NotFound" });
    await server.stop();
    await extension.close();
  });
});
