import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { Agent, createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createLogger, silentLogger } from "../base/index.ts";
import { ReverseProxy } from "./reverse-proxy.ts";
import { ask, freePort, ruleOf } from "./testing/running-proxy.ts";
import type { ListenerReport, RouteTable, VirtualHost } from "./types.ts";

let behind: Server;
let endpoint: { address: string; port: number };
let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "gantry-proxy-"));
  behind = createServer((req, res) => res.end(req.headers.host));
  await new Promise<void>((resolve) => behind.listen(0, "127.0.0.1", resolve));
  endpoint = { address: "127.0.0.1", port: (behind.address() as AddressInfo).port };
});
afterAll(() => {
  behind.closeAllConnections();
  behind.close();
  rmSync(dir, { recursive: true });
});

const tableOf = (port: number, hosts: VirtualHost[]): RouteTable => ({
  listeners: [{ address: "127.0.0.1", port, protocol: "http", hosts }],
});

it("serves in a thread of its own, tells how its listeners are, counts, and writes down", async () => {
  const accessLogPath = join(dir, "access.log");
  const proxy = new ReverseProxy({ logger: silentLogger, accessLogPath });
  const port = await freePort();
  const told: (readonly ListenerReport[])[] = [];
  const stop = proxy.onListeners((reports) => told.push(reports));
  expect(await proxy.metrics()).toEqual([]);
  proxy.setBackend({ name: "web", protocol: "auto", endpoints: [endpoint] });
  const a = { host: "a.example", rules: [ruleOf({ name: "a" })] };
  const b = { host: "b.example", rules: [ruleOf({ name: "b" })] };
  proxy.setRoutes(tableOf(port, [a]));
  await expect.poll(() => told, { timeout: 5_000 }).toEqual([[], [{ address: "127.0.0.1", port }]]);
  const status = async (host: string) =>
    (await ask({ port, host: "127.0.0.1", path: "/x", headers: { host } })).status;
  expect([await status("a.example"), await status("b.example")]).toEqual([200, 404]);
  proxy.setRoutes(tableOf(port, [a, b]));
  await expect.poll(() => status("b.example")).toBe(200);
  proxy.setRoutes(tableOf(port, [b]));
  await expect.poll(() => status("a.example")).toBe(404);
  proxy.removeBackend("web");
  await expect.poll(() => status("b.example")).toBe(503);
  expect((await proxy.metrics()).join("\n")).toContain(
    'gantry_ingress_requests_total{rule="a",code="200"} 1',
  );
  // Without listeners there is no thread, and with the next one there is.
  proxy.setRoutes({ listeners: [] });
  await expect.poll(() => told.at(-1)).toEqual([]);
  expect(await proxy.metrics()).toEqual([]);
  proxy.setRoutes(tableOf(port, [b]));
  await expect.poll(() => status("b.example").catch(() => 0), { timeout: 5_000 }).toBe(503);
  stop();
  await proxy.close();
  expect(await ask({ port, host: "127.0.0.1" }).catch((error) => error.code)).toBe("ECONNREFUSED");
  const [first] = readFileSync(accessLogPath, "utf8").split("\n");
  expect(JSON.parse(first!)).toMatchObject({
    client: "127.0.0.1",
    method: "GET",
    host: "a.example",
    path: "/x",
    status: 200,
    rule: "a",
    endpoint: `127.0.0.1:${endpoint.port}`,
  });
});

it("goes on in another thread where one fails", async () => {
  const lines: string[] = [];
  const proxy = new ReverseProxy({ logger: createLogger((line) => lines.push(line), "warn") });
  const port = await freePort();
  proxy.setBackend({ name: "web", protocol: "auto", endpoints: [endpoint] });
  // Whatever the controller sends: what cannot be cloned or read must not be the end.
  proxy.setRoutes(tableOf(port, [{ host: "*", rules: [ruleOf({ name: "a" })] }]));
  const status = () =>
    ask({ port, host: "127.0.0.1" }).then(
      (answer) => answer.status,
      () => 0,
    );
  await expect.poll(status, { timeout: 5_000 }).toBe(200);
  proxy.setRoutes(tableOf(port, [{ host: 5 } as never]));
  await expect.poll(() => lines.join("\n"), { timeout: 5_000 }).toContain("the thread of the proxy failed");
  proxy.setRoutes(tableOf(port, [{ host: "*", rules: [ruleOf({ name: "a" })] }]));
  await expect.poll(status, { timeout: 5_000 }).toBe(200);
  await proxy.close();
});

it("serves the connections of a port in several threads, and counts what all of them have done", async () => {
  const proxies = [1, 2].map(() => new ReverseProxy({ logger: silentLogger, threads: 3 }));
  const port = await freePort();
  const table = tableOf(port, [{ host: "*", rules: [ruleOf({ name: "a" })] }]);
  const reports = proxies.map(() => [] as readonly ListenerReport[]);
  for (const [index, proxy] of proxies.entries()) {
    proxy.onListeners((now) => {
      reports[index] = now;
    });
    proxy.setBackend({ name: "web", protocol: "auto", endpoints: [endpoint] });
  }
  proxies[0]!.setRoutes(table);
  await expect.poll(() => reports[0], { timeout: 5_000 }).toEqual([{ address: "127.0.0.1", port }]);
  const agent = new Agent({ keepAlive: true });
  const statuses = await Promise.all(
    Array.from({ length: 90 }, async () => (await ask({ port, host: "127.0.0.1", agent })).status),
  );
  agent.destroy();
  expect(new Set(statuses)).toEqual(new Set([200]));
  const threads = readdirSync("/proc/self/task").length;
  expect((await proxies[0]!.metrics()).join("\n")).toContain(
    'gantry_ingress_requests_total{rule="a",code="200"} 90',
  );
  // That threads share a port does not mean that anybody may.
  proxies[1]!.setRoutes(table);
  await expect
    .poll(() => reports[1], { timeout: 5_000 })
    .toEqual([{ address: "127.0.0.1", port, error: expect.stringContaining("already in use") }]);
  await proxies[0]!.close();
  await expect.poll(() => reports[1], { timeout: 10_000 }).toEqual([{ address: "127.0.0.1", port }]);
  expect((await ask({ port, host: "127.0.0.1" })).status).toBe(200);
  await proxies[1]!.close();
  expect(await ask({ port, host: "127.0.0.1" }).catch((error) => error.code)).toBe("ECONNREFUSED");
  expect(readdirSync("/proc/self/task").length).toBeLessThan(threads);
});
