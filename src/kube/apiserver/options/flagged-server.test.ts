import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterEach, describe, expect, it, vi } from "vitest";
import { silentLogger } from "../../../base/index.ts";
import { openMemoryStore, type Store } from "../../../store/index.ts";
import { events } from "../../api/index.ts";
import { openCertificates } from "../certificates.ts";
import { rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

describe("a server as flags want it", () => {
  let server: TestServer;
  let store: Store | undefined;
  afterEach(async () => {
    await server.stop();
    await store?.close();
    store = undefined;
  });

  it("shows another certificate, and speaks no older TLS", async () => {
    const dir = await mkdtemp(join(tmpdir(), "gantry-tls-"));
    const elsewhere = await openCertificates({ pkiDir: dir, serviceAddress: "10.96.0.1" });
    await rm(dir, { recursive: true });
    server = await startTestServer({ tls: { pair: elsewhere.server, minVersion: "TLSv1.3" } });
    const { port } = new URL(server.url);
    const handshake = (ca: string, maxVersion: "TLSv1.2" | "TLSv1.3") =>
      new Promise<string>((resolve) => {
        const socket = connect({ host: "127.0.0.1", port: Number(port), ca, maxVersion });
        socket.on("secureConnect", () => resolve(socket.getProtocol() ?? "none"));
        socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
        socket.on("close", () => resolve("closed"));
      });
    expect(await handshake(elsewhere.caPem, "TLSv1.3")).toBe("TLSv1.3");
    expect(await handshake(server.certificates.caPem, "TLSv1.3")).toMatch(/SIGNATURE|SELF_SIGNED|UNABLE/);
    expect(await handshake(elsewhere.caPem, "TLSv1.2")).toMatch(/PROTOCOL_VERSION/);
  });

  it("speaks the cipher suites that were chosen, and no others", async () => {
    server = await startTestServer({
      tls: { ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384" },
    });
    const chosen = (ciphers: string) =>
      new Promise<string>((resolve) => {
        const { port } = new URL(server.url);
        const options = { host: "127.0.0.1", port: Number(port), rejectUnauthorized: false };
        const socket = connect({ ...options, maxVersion: "TLSv1.2", ciphers });
        socket.on("secureConnect", () => {
          resolve(socket.getCipher().name);
          socket.destroy();
        });
        socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      });
    expect(await chosen("DEFAULT")).toMatch(/AES256-GCM-SHA384$/);
    expect(await chosen("ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256")).toMatch(
      /HANDSHAKE_FAILURE/,
    );
  });

  it("refuses privileged containers where it is not to allow them, on the threads too", async () => {
    const container = (filler: string) => ({
      ...{ name: "c", image: "i", securityContext: { privileged: true } },
      env: [{ name: "FILLER", value: filler }],
    });
    const create = (filler: string) =>
      rawRequest(server, "/api/v1/namespaces/default/pods?dryRun=All", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ metadata: { name: "p" }, spec: { containers: [container(filler)] } }),
      });
    server = await startTestServer({ allowsPrivileged: false });
    for (const filler of ["", "x".repeat(40_000)]) {
      const { status, json } = await create(filler);
      expect([status, json.message]).toEqual([
        422,
        'Pod "p" is invalid: spec.containers[0].securityContext.privileged: Forbidden: disallowed by cluster policy',
      ]);
    }
    await server.stop();
    server = await startTestServer();
    expect((await create("")).status).toBe(201);
  });

  it("keeps events for so long", async () => {
    store = await openMemoryStore({ logger: silentLogger });
    const grantLease = vi.spyOn(store, "grantLease");
    server = await startTestServer({ store, eventTtlSeconds: 120 });
    await server.client.create(events, {
      metadata: { name: "e", namespace: "default" },
      involvedObject: { namespace: "default" },
    });
    expect(grantLease.mock.calls).toEqual([[120 + 60]]);
  });
});
