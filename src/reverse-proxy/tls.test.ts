import { request } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { connect, createServer as createTlsServer } from "node:tls";
import { afterEach, beforeEach, expect, it } from "vitest";
import { selfSigned } from "../kube/pki/index.ts";
import { readGreeting } from "./server-names.ts";
import { freePort, RunningProxy, ruleOf } from "./testing/running-proxy.ts";
import type { Listener, VirtualHost } from "./types.ts";

let proxy: RunningProxy;
let port: number;
beforeEach(async () => {
  proxy = new RunningProxy();
  port = await freePort();
});
afterEach(() => proxy.close());

const pairFor = (name: string) => {
  const { certPem: cert, keyPem: key } = selfSigned(name, [name], { nowMs: Date.now(), forMs: 3_600_000 });
  return { cert, key };
};

const host = (name: string, certificate?: VirtualHost["certificate"]): VirtualHost => ({
  host: name,
  rules: [ruleOf({ name })],
  ...(certificate ? { certificate } : {}),
});

const listen = (...listeners: Omit<Listener, "address" | "port">[]) =>
  proxy.engine.setRoutes({ listeners: listeners.map((one) => ({ ...one, address: "127.0.0.1", port })) });

/** Whom a client meets that asks for a name, and over which protocol. */
function met(
  servername: string,
  ALPNProtocols: string[] = [],
): Promise<{ name: string; protocol: string | false }> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: "127.0.0.1", port, servername, rejectUnauthorized: false, ALPNProtocols },
      () => {
        const name = String(socket.getPeerCertificate().subject.CN);
        resolve({ name, protocol: socket.alpnProtocol ?? false });
        socket.destroy();
      },
    );
    socket.on("error", reject);
  });
}

function ask(servername: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: "127.0.0.1",
        port,
        servername,
        headers: { host: servername },
        rejectUnauthorized: false,
        agent: false,
      },
      (res) => {
        let body = "";
        res.on("data", (chunk) => {
          body += chunk;
        });
        res.on("end", () => resolve({ status: res.statusCode!, body }));
      },
    );
    asked.on("error", reject);
    asked.end();
  });
}

it("shows each name its certificate, and changes them while it runs", async () => {
  await listen({
    protocol: "https",
    hosts: [
      host("a.example", pairFor("cert-a")),
      host("*.example", pairFor("cert-wild")),
      host("plain.test"),
    ],
  });
  expect((await met("a.example")).name).toBe("cert-a");
  expect((await met("A.example")).name).toBe("cert-a");
  expect((await met("b.example")).name).toBe("cert-wild");
  expect((await met("plain.test")).name).toBe("Gantry's ingress, signed by itself");
  expect(await met("a.example", ["h2", "http/1.1"])).toEqual({ name: "cert-a", protocol: "h2" });
  expect(await met("a.example", ["http/1.1"])).toEqual({ name: "cert-a", protocol: "http/1.1" });
  await listen({
    protocol: "https",
    hosts: [host("a.example", pairFor("cert-a2")), host("broken.example", { cert: "x", key: "y" })],
  });
  expect((await met("a.example")).name).toBe("cert-a2");
  expect((await met("broken.example")).name).toBe("Gantry's ingress, signed by itself");
});

it("tells the backend that it was https", async () => {
  proxy.backend("web", [
    await proxy.server((req, res) =>
      res.end(`${req.headers["x-forwarded-proto"]} ${req.headers["x-forwarded-port"]}`),
    ),
  ]);
  await listen({ protocol: "https", hosts: [host("a.example", pairFor("cert-a"))] });
  expect(await ask("a.example")).toEqual({ status: 200, body: `https ${port}` });
});

it("passes connections on unopened by the name, beside those that it opens itself", async () => {
  const inner = pairFor("inner");
  const behind = createTlsServer(inner, (socket) => {
    socket.end("HTTP/1.1 200 OK\r\ncontent-length: 7\r\nconnection: close\r\n\r\nbehind\n");
  });
  await new Promise<void>((resolve) => behind.listen(0, "127.0.0.1", resolve));
  // The first one takes no connections.
  proxy.backend("tls", [
    { address: "127.0.0.1", port: await freePort() },
    { address: "127.0.0.1", port: (behind.address() as AddressInfo).port },
  ]);
  proxy.backend("web", [await proxy.server((_, res) => res.end("opened"))]);
  const through: VirtualHost = {
    host: "pass.example",
    rules: [ruleOf({ backends: [{ backend: "tls", weight: 1 }] })],
  };
  await listen(
    { protocol: "https", hosts: [host("a.example", pairFor("cert-a"))] },
    { protocol: "passthrough", hosts: [through] },
  );
  expect((await met("pass.example")).name).toBe("inner");
  expect(await ask("pass.example")).toEqual({ status: 200, body: "behind\n" });
  expect((await met("a.example")).name).toBe("cert-a");
  expect(await ask("a.example")).toEqual({ status: 200, body: "opened" });
  await listen({ protocol: "passthrough", hosts: [through] });
  expect((await met("pass.example")).name).toBe("inner");
  await expect(met("a.example")).rejects.toThrow();
  behind.close();
});

it("asks backends over TLS, and believes those that it is told to", async () => {
  const pair = pairFor("backend.internal");
  const { createServer } = await import("node:https");
  const behind = createServer(pair, (req, res) => res.end(`${req.headers.host}`));
  await new Promise<void>((resolve) => behind.listen(0, "127.0.0.1", resolve));
  const endpoints = [{ address: "127.0.0.1", port: (behind.address() as AddressInfo).port }];
  await listen({ protocol: "http", hosts: [host("*")] });
  const status = async (tls: object) => {
    proxy.backend("web", endpoints, { protocol: "https", tls: { verify: true, ...tls } });
    return (await proxy.ask("/", { port })).status;
  };
  expect(await status({ ca: pair.cert, serverName: "backend.internal" })).toBe(200);
  expect(await status({ ca: pair.cert, serverName: "another" })).toBe(502);
  expect(await status({ serverName: "backend.internal" })).toBe(502);
  expect(await status({ verify: false })).toBe(200);
  behind.closeAllConnections();
  behind.close();
});

it("opens a port once it is free, and tells meanwhile", async () => {
  const other = createTcpServer();
  await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
  await listen({ protocol: "http", hosts: [host("*")] });
  expect(proxy.reports).toEqual([
    {
      address: "127.0.0.1",
      port,
      error: `cannot listen on 127.0.0.1:${port}: the address is already in use`,
    },
  ]);
  await new Promise((resolve) => other.close(resolve));
  await expect.poll(() => proxy.reports, { timeout: 6_000 }).toEqual([{ address: "127.0.0.1", port }]);
  expect((await proxy.ask("/", { port })).status).toBe(503);
  await listen();
  expect(proxy.reports).toEqual([]);
  await expect(proxy.ask("/", { port })).rejects.toThrow("ECONNREFUSED");
});

it("reads the name in a greeting, however it comes", async () => {
  const greeting = await new Promise<Buffer>((resolve) => {
    const server = createTcpServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", (chunk) => {
        resolve(chunk);
        socket.destroy();
        server.close();
      });
    });
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      connect({ host: "127.0.0.1", port, servername: "Some.Example" }).on("error", () => {});
    });
  });
  expect(readGreeting(greeting)).toEqual({ kind: "tls", name: "some.example" });
  for (const length of [0, 1, 5, 6, 50, greeting.length - 1])
    expect(readGreeting(greeting.subarray(0, length))).toEqual({ kind: "more" });
  // The same in records of 20 bytes.
  const records: Buffer[] = [];
  for (let at = 5; at < greeting.length; at += 20) {
    const piece = greeting.subarray(at, at + 20);
    records.push(Buffer.of(22, 3, 1, 0, piece.length), piece);
  }
  expect(readGreeting(Buffer.concat(records))).toEqual({ kind: "tls", name: "some.example" });
  expect(readGreeting(Buffer.from("GET / HTTP/1.1\r\n"))).toEqual({ kind: "other" });
  for (let at = 5; at < greeting.length; at++) {
    const broken = Buffer.from(greeting);
    broken[at]! ^= 0xff;
    expect(() => readGreeting(broken)).not.toThrow();
  }
});
