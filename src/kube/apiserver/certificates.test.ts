import { X509Certificate } from "node:crypto";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openCertificates } from "./certificates.ts";

describe("certificates", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "gantry-pki-"));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const open = () =>
    openCertificates({
      pkiDir: join(dir, "pki"),
      serviceAddress: "10.96.0.1",
      names: ["192.168.7.9", "fd00::9", "build-host"],
    });

  it("makes an authority, a server and clients that TLS accepts, with the user's name and groups in the subject", async () => {
    const certificates = await open();
    const client = await certificates.client("admin", {
      commonName: "kubernetes-admin",
      organizations: ["system:masters"],
    });
    const server = tls.createServer({
      key: certificates.server.keyPem,
      cert: certificates.server.certPem,
      ca: certificates.caPem,
      requestCert: true,
    });
    const subject = new Promise<unknown>((resolve) =>
      server.on("secureConnection", (socket) => {
        resolve([socket.authorized, socket.getPeerCertificate().subject]);
        socket.end();
      }),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const socket = tls.connect({
      port,
      host: "127.0.0.1",
      ca: certificates.caPem,
      key: client.keyPem,
      cert: client.certPem,
    });
    await new Promise((resolve, reject) => socket.on("secureConnect", resolve).on("error", reject));
    expect(socket.authorized).toBe(true);
    expect(await subject).toEqual([true, { O: "system:masters", CN: "kubernetes-admin" }]);
    socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  it("names every address under which the server is reached", async () => {
    const certificate = new X509Certificate((await open()).server.certPem);
    for (const name of ["localhost", "kubernetes.default.svc.cluster.local", "build-host"])
      expect(certificate.checkHost(name)).toBe(name);
    for (const address of ["127.0.0.1", "::1", "10.96.0.1", "192.168.7.9", "fd00::9"])
      expect(certificate.checkIP(address)).toBe(address);
  });

  it("keeps keys to the owner and gives the same ones at the next start", async () => {
    const first = await open();
    const admin = await first.client("admin", { commonName: "a" });
    for (const key of ["ca.key", "apiserver.key", "sa.key", "admin.key"]) {
      expect((await stat(join(dir, "pki", key))).mode & 0o777).toBe(0o600);
    }
    const second = await open();
    expect(second.caPem).toBe(first.caPem);
    expect(second.server).toEqual(first.server);
    expect(second.tokenSigningKey.keyId).toBe(first.tokenSigningKey.keyId);
    expect(await second.client("admin", { commonName: "a" })).toEqual(admin);
    expect(await second.client("admin", { commonName: "b" })).not.toEqual(admin);
  });

  it("vouches for the proxy by an authority that signs nothing else", async () => {
    const { frontProxy, caPem } = await open();
    const client = new X509Certificate(frontProxy.client.certPem);
    const authority = new X509Certificate(frontProxy.caPem);
    expect(client.subject).toBe("CN=front-proxy-client");
    expect(client.verify(authority.publicKey)).toBe(true);
    expect(client.verify(new X509Certificate(caPem).publicKey)).toBe(false);
    expect((await open()).frontProxy).toEqual(frontProxy);
  });

  it("says which file is broken", async () => {
    await open();
    await writeFile(join(dir, "pki", "ca.key"), "garbage");
    await expect(open()).rejects.toMatchObject({
      kind: "DataLoss",
      message: expect.stringContaining("pki/ca.key cannot be read"),
    });
  });
});
