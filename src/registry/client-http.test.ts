import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttp, type Server } from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Identity, issue } from "../http/tls.test-support.ts";
import { HttpConnections, readShort } from "./client-http.ts";
import { readRegistryCertificates } from "./registry-certificates.ts";

const certsDir = mkdtempSync(join(tmpdir(), "gantry-certs.d-"));
const closing: { close(): void }[] = [];
afterEach(() => {
  for (const one of closing.splice(0)) one.close();
});
afterAll(() => rmSync(certsDir, { recursive: true, force: true }));

async function listen(server: Server | ReturnType<typeof createHttps>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(server);
  return (server.address() as AddressInfo).port;
}

function put(host: string, files: Record<string, string>): void {
  const dir = join(certsDir, host);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
}

async function ask(connections: HttpConnections, url: string): Promise<string> {
  const answer = await connections.send({ method: "GET", url: new URL(url) });
  return String(await readShort(answer.body, 1024));
}

describe("certificates of a registry's own", () => {
  let authority: Identity;
  let server: Identity;
  let client: Identity;
  beforeAll(() => {
    authority = issue("/CN=ca");
    server = issue("/CN=registry", authority);
    client = issue("/CN=me", authority);
  });

  it("are trusted and shown to it alone, and read anew when they change", async () => {
    const tls = createHttps(
      { ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: false },
      (req, res) => res.end(String((req.socket as TLSSocket).getPeerCertificate()?.subject?.CN ?? "nobody")),
    );
    const port = await listen(tls);
    const connections = new HttpConnections({ certsDir, environment: {} });
    closing.push(connections);
    const url = `https://127.0.0.1:${port}/v2/`;
    await expect(ask(connections, url)).rejects.toThrow(/certificate/);
    put(`127.0.0.1:${port}`, { "ca.crt": authority.cert });
    expect(await ask(connections, url)).toBe("nobody");
    put(`127.0.0.1:${port}`, { "ca.crt": authority.cert, "me.cert": client.cert, "me.key": client.key });
    expect(await ask(connections, url)).toBe("me");
  });

  it("are told apart by the ends of their names", () => {
    put("half", { "me.cert": "x" });
    expect(() => readRegistryCertificates(certsDir, "half")).toThrow(
      "missing key me.key for client certificate me.cert. CA certificates must use the extension .crt",
    );
    put("other", { "me.key": "x", README: "" });
    expect(() => readRegistryCertificates(certsDir, "other")).toThrow(
      "missing client certificate me.cert for key me.key",
    );
    expect(readRegistryCertificates(certsDir, "nosuch")).toBeUndefined();
    expect(readRegistryCertificates(certsDir, "..")).toBeUndefined();
  });
});

it("goes through the proxies of the environment, but not for this machine", async () => {
  const asked: string[] = [];
  const proxyPort = await listen(
    createHttp((req, res) => {
      asked.push(`${req.method} ${req.url}`);
      res.end("by proxy");
    }).on("connect", (req, socket) => {
      asked.push(`${req.method} ${req.url}`);
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    }),
  );
  const registryPort = await listen(createHttp((_, res) => res.end("direct")));
  const proxy = `http://127.0.0.1:${proxyPort}`;
  const environment = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: "near.test" };
  const connections = new HttpConnections({ certsDir, environment });
  closing.push(connections);
  expect(await ask(connections, "http://far.test/v2/")).toBe("by proxy");
  await expect(ask(connections, "https://far.test/v2/")).rejects.toThrow();
  await expect(ask(connections, "http://near.test/v2/")).rejects.toThrow("lookup near.test");
  expect(await ask(connections, `http://127.0.0.1:${registryPort}/v2/`)).toBe("direct");
  expect(asked).toEqual(["GET http://far.test/v2/", "CONNECT far.test:443"]);
});
