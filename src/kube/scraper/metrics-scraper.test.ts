import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LogFields, silentLogger } from "../../base/index.ts";
import { ManualClock } from "../../base/manual-clock.test-support.ts";
import { endpointSlices, pods, services } from "../api/index.ts";
import { startTestServer, type TestServer } from "../apiserver/testing/start-test-server.ts";
import { createInformerFactory } from "../client/index.ts";
import { MetricsScraper } from "./metrics-scraper.ts";

/** Endpoints may not be loopback addresses. */
const ADDRESS = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find((one) => one.family === "IPv4" && !one.internal)!.address;

describe("the scraper", () => {
  let api: TestServer;
  let scraper: MetricsScraper;
  let clock: ManualClock;
  let target: Server;
  let port: number;
  let body: string;
  let asked: string[];
  let warnings: (LogFields | undefined)[];
  let stop: () => Promise<void>;

  beforeEach(async () => {
    body = "queue_length 3\n";
    asked = [];
    warnings = [];
    target = createServer((req, res) => {
      asked.push(req.url!);
      if (body === "moved") res.writeHead(302, { location: "/elsewhere" }).end();
      else if (body !== "late" && req.url !== "/late") res.end(body);
    });
    await new Promise<void>((resolve) => target.listen(0, ADDRESS, resolve));
    ({ port } = target.address() as AddressInfo);
    api = await startTestServer();
    clock = new ManualClock(Date.UTC(2026, 0, 1));
    const informers = createInformerFactory(api.client, { logger: silentLogger });
    const logger = { ...silentLogger, warn: (_: string, fields?: LogFields) => void warnings.push(fields) };
    scraper = new MetricsScraper({ informers, logger, clock, concurrency: 1 });
    const over = new AbortController();
    const ran = [informers.run(over.signal), scraper.run({ signal: over.signal, ready: () => {} })];
    stop = async () => {
      over.abort();
      await Promise.all(ran);
      await api.stop();
      target.closeAllConnections();
      target.close();
    };
  });
  afterEach(() => stop());

  const annotations = (more: Record<string, string> = {}) => ({
    "prometheus.io/scrape": "true",
    "prometheus.io/port": String(port),
    ...more,
  });
  const runPod = async (name: string, given: Record<string, string>, podIP = ADDRESS) => {
    const spec = { containers: [{ name: "a", image: "a" }] };
    await api.client.create(pods, { metadata: { name, namespace: "default", annotations: given }, spec });
    const status = { phase: "Running", podIP, podIPs: [{ ip: podIP }] };
    await api.client.patch(pods, "default", name, "merge", { status }, { subresource: "status" });
  };
  const values = (metric: string) => scraper.series("default", metric).map(({ value }) => value);
  const untilAsked = (times: number) => expect.poll(() => asked.length).toBe(times);

  it("reads a pod that asks for it, again and again, until it is gone", async () => {
    await runPod("quiet", {});
    await runPod("web", annotations({ "prometheus.io/path": "/m?x=1" }));
    await expect.poll(() => values("queue_length")).toEqual([3]);
    expect(asked).toEqual(["/m?x=1"]);
    expect(scraper.names()).toEqual([{ name: "queue_length", isOfService: false }]);
    expect(scraper.series("other", "queue_length")).toEqual([]);
    body = "queue_length 4\n";
    await clock.advance(10_000);
    await expect.poll(() => values("queue_length")).toEqual([4]);
    await api.client.delete(pods, "default", "web", { gracePeriodSeconds: 0 });
    await expect.poll(() => scraper.names()).toEqual([]);
    await clock.advance(60_000);
    expect(asked).toHaveLength(2);
  });

  it("reads the pods behind a Service that asks for it, and nobody else's addresses", async () => {
    await runPod("web", {});
    await runPod("far", {}, "192.0.2.7");
    const metadata = { name: "shop", namespace: "default" };
    await api.client.create(services, {
      metadata: { ...metadata, annotations: annotations() },
      spec: { ports: [{ port: 80 }] },
    });
    const behind = (name: string) => ({
      addresses: [ADDRESS],
      targetRef: { kind: "Pod", name, namespace: "default" },
    });
    await api.client.create(endpointSlices, {
      metadata: { ...metadata, labels: { "kubernetes.io/service-name": "shop" } },
      addressType: "IPv4",
      ports: [{ name: "", port, protocol: "TCP" }],
      // The second says of the other pod that it has this address.
      endpoints: [behind("web"), behind("far")],
    });
    await expect
      .poll(() => scraper.series("default", "queue_length"))
      .toMatchObject([{ pod: "web", services: ["shop"], value: 3 }]);
    expect(scraper.names()).toEqual([{ name: "queue_length", isOfService: true }]);
    await untilAsked(1);
    const { metadata: current, ...rest } = await api.client.get(services, "default", "shop");
    await api.client.update(services, { ...rest, metadata: { ...current, annotations: {} } });
    await expect.poll(() => scraper.names()).toEqual([]);
  });

  it.each([
    ["is no exposition", "<html>", "line 1: a metric's name is expected"],
    ["is another's address", "moved", "the answer is 302"],
    [
      "has too many series",
      Array.from({ length: 5001 }, (_, n) => `m{n="${n}"} 1`).join("\n"),
      "there are more than 5000 samples",
    ],
    ["has too many bytes", `# ${"x".repeat(5 * 2 ** 20)}`, "the answer has more than 4194304 bytes"],
  ])("tells once of an answer that %s, and goes on", async (_, answer, error) => {
    body = answer;
    await runPod("web", annotations());
    const where = `default/web http://${ADDRESS}:${port}/metrics`;
    await expect.poll(() => warnings).toEqual([{ target: where, error }]);
    await clock.advance(10_000);
    await untilAsked(2);
    body = "queue_length 5\n";
    await clock.advance(10_000);
    await expect.poll(() => values("queue_length")).toEqual([5]);
    expect(warnings).toHaveLength(1);
  });

  it("does not wait for who does not answer", async () => {
    body = "late";
    await runPod("web", annotations());
    await untilAsked(1);
    await clock.advance(5000);
    await expect.poll(() => warnings).toMatchObject([{ error: "context deadline exceeded" }]);
  });

  it("reads the others while it waits for who did not answer before", async () => {
    await runPod("late", annotations({ "prometheus.io/path": "/late" }));
    await untilAsked(1);
    await clock.advance(5000);
    await expect.poll(() => warnings).toHaveLength(1);
    await clock.advance(5000);
    await untilAsked(2);
    await runPod("web", annotations());
    await expect.poll(() => values("queue_length")).toEqual([3]);
  });
});
