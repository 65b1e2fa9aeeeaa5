import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../../base/index.ts";
import { ManualClock } from "../../../base/manual-clock.test-support.ts";
import { serveHealthPort } from "./health-port.ts";
import { ProxyHealth } from "./proxy-health.ts";
import { ServiceHealth } from "./service-health.ts";

const NODE = { metadata: { name: "n1" }, spec: {} };

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function ask(port: number, path = "/") {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  const { status, headers } = answer;
  return { status, headers, text: await answer.text() };
}

describe("the proxy's health", () => {
  let clock: ManualClock;
  let health: ProxyHealth;
  beforeEach(() => {
    clock = new ManualClock();
    health = new ProxyHealth(clock);
  });

  it("is good before the first write, and says no time of one", async () => {
    health.changed();
    await clock.advance(120_000);
    expect(health.ready()).toMatchObject({ isHealthy: true, body: { nodeEligible: true, healthy: true } });
    expect(health.ready().body).not.toHaveProperty("status");
  });

  it("is lost when a change is not written within a minute, and comes back with it", async () => {
    health.written();
    await clock.advance(1000);
    health.changed();
    await clock.advance(59_999);
    health.changed();
    expect(health.live().isHealthy).toBe(true);
    await clock.advance(1);
    expect(health.live()).toEqual({
      isHealthy: false,
      body: {
        lastUpdated: "2026-01-01T00:00:00.000Z",
        currentTime: "2026-01-01T00:01:01.000Z",
        healthy: false,
        status: { IPv4: { lastUpdated: "2026-01-01T00:00:00.000Z", healthy: false } },
      },
    });
    health.written();
    expect(health.live()).toMatchObject({
      isHealthy: true,
      body: { lastUpdated: "2026-01-01T00:01:01.000Z" },
    });
  });

  it("takes a node that is about to go out of service, but is alive", () => {
    const taints = [{ key: "ToBeDeletedByClusterAutoscaler", effect: "NoSchedule" }];
    health.nodeIs({ ...NODE, spec: { taints } } as never);
    expect(health.ready()).toMatchObject({ isHealthy: false, body: { nodeEligible: false, healthy: true } });
    expect(health.live().isHealthy).toBe(true);
    health.nodeIs(NODE as never);
    expect(health.ready().isHealthy).toBe(true);
    health.nodeIs({ metadata: { ...NODE.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } } as never);
    expect(health.ready().isHealthy).toBe(false);
  });

  it("is served at /healthz and /livez, as soon as another program gives the port away", async () => {
    const other = createServer((_req, res) => res.end("other"));
    await new Promise<void>((resolve) => other.listen(0, "0.0.0.0", resolve));
    const { port } = other.address() as AddressInfo;
    const stopping = new AbortController();
    let retry = () => {};
    const waits = { sleep: () => new Promise<void>((resolve) => (retry = resolve)) };
    const options = { health, port, logger: silentLogger, clock: waits };
    const served = serveHealthPort(options, stopping);
    await expect.poll(() => String(retry)).not.toBe("() => {}");
    expect((await ask(port, "/healthz")).text).toBe("other");
    other.closeAllConnections();
    await new Promise((resolve) => other.close(resolve));
    retry();
    await expect.poll(() => ask(port, "/healthz").then((one) => one.status, String)).toBe(200);
    expect(JSON.parse((await ask(port, "/livez")).text)).toMatchObject({ healthy: true });
    expect(await ask(port, "/other")).toMatchObject({ status: 404, text: "404 page not found\n" });
    health.written();
    health.changed();
    await clock.advance(60_000);
    expect((await ask(port, "/healthz")).status).toBe(503);
    stopping.abort();
    await served;
    await expect(ask(port, "/healthz")).rejects.toThrow();
  });
});

describe("the health check of a Service", () => {
  let services: ServiceHealth;
  let failures: string[];
  let isProxyHealthy: boolean;
  beforeEach(() => {
    failures = [];
    isProxyHealthy = true;
    services = new ServiceHealth({
      nodeName: "n1",
      hosts: () => ["127.0.0.1"],
      isProxyHealthy: () => isProxyHealthy,
      onFailure: (_service, message) => failures.push(message),
      logger: silentLogger,
    });
  });
  afterEach(() => services.close());

  const set = (port: number, localEndpoints: number) =>
    services.set("shop/web", { namespace: "shop", name: "web", port, localEndpoints });

  it("answers as upstream's, with endpoints and without", async () => {
    const port = await freePort();
    set(port, 2);
    await services.retry();
    const good = await ask(port, "/any/path");
    expect(good.status).toBe(200);
    expect(good.headers.get("content-type")).toBe("application/json");
    expect(good.headers.get("x-content-type-options")).toBe("nosniff");
    expect(good.headers.get("x-load-balancing-endpoint-weight")).toBe("2");
    expect(good.text).toBe(
      '{\n\t"service": {\n\t\t"namespace": "shop",\n\t\t"name": "web"\n\t},\n\t"localEndpoints": 2,\n\t"serviceProxyHealthy": true\n}',
    );
    set(port, 0);
    expect(await ask(port)).toMatchObject({
      status: 503,
      text: expect.stringContaining('"localEndpoints": 0'),
    });
    set(port, 1);
    isProxyHealthy = false;
    expect(await ask(port)).toMatchObject({
      status: 503,
      text: expect.stringContaining('"serviceProxyHealthy": false'),
    });
  });

  it("follows the Service to another port, and ends with it", async () => {
    const [first, second] = [await freePort(), await freePort()];
    set(first, 1);
    set(second, 1);
    await services.retry();
    await expect(ask(first)).rejects.toThrow();
    expect((await ask(second)).status).toBe(200);
    services.set("shop/web", undefined);
    await services.retry();
    await expect(ask(second)).rejects.toThrow();
  });

  it("tells once of a port that another program has, and serves when it is free", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    set(port, 0);
    await services.retry();
    await services.retry();
    expect(failures).toEqual([
      `node n1 failed to start healthcheck "shop/web" on port ${port}: cannot listen on 127.0.0.1:${port}: the address is already in use`,
    ]);
    set(port, 3);
    await new Promise((resolve) => other.close(resolve));
    await services.retry();
    expect((await ask(port)).headers.get("x-load-balancing-endpoint-weight")).toBe("3");
  });
});
