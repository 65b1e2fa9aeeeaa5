import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { createLogger, systemClock } from "../../../base/index.ts";
import { certificateSigningRequests, readCertificateRequest } from "../../api/index.ts";
import { startTestServer, type TestServer } from "../../apiserver/testing/start-test-server.ts";
import { CertificateKeeper } from "./certificate-keeper.ts";
import { REQUEST_DENIED } from "./request-certificate.ts";

let server: TestServer;
let dir: string;
/** What the cluster's controllers do, by hand: approves and signs each request for so long, or denies it. */
let answer: { forMs: number } | "deny" = { forMs: 3600_000 };
const stopAnswering = new AbortController();

beforeAll(async () => {
  server = await startTestServer();
  void (async () => {
    const { client, certificates } = server;
    for await (const { type, object } of client.watch(certificateSigningRequests, {
      signal: stopAnswering.signal,
    })) {
      if (type !== "ADDED") continue;
      const kind = answer === "deny" ? "Denied" : "Approved";
      const condition = { type: kind, status: "True", reason: "Test", message: "by the test" };
      const decided = await client.update(
        certificateSigningRequests,
        { ...object, status: { conditions: [condition] } } as typeof object,
        { subresource: "approval" },
      );
      if (answer === "deny") continue;
      const pem = certificates.authority.issue({
        request: readCertificateRequest(object.spec.request),
        usages: object.spec.usages ?? [],
        notBeforeMs: Date.now() - 1000,
        notAfterMs: Date.now() + answer.forMs,
      });
      await client.updateStatus(certificateSigningRequests, {
        ...decided,
        status: { ...decided.status, certificate: Buffer.from(pem).toString("base64") },
      });
    }
  })().catch(() => {});
});
afterAll(async () => {
  stopAnswering.abort();
  await server.stop();
});
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "gantry-keeper-"));
  answer = { forMs: 3600_000 };
});
afterEach(() => rm(dir, { recursive: true }));

const keeper = (name = "system:node:n1") =>
  new CertificateKeeper({
    dir,
    fileName: "client",
    order: {
      signer: "kubernetes.io/kube-apiserver-client-kubelet",
      subject: { commonName: name, organizations: ["system:nodes"] },
      usages: ["digital signature", "client auth"],
    },
    caPem: server.certificates.caPem,
    logger: createLogger(() => {}, "error"),
    clock: systemClock,
  });
const never = new AbortController().signal;

it("keeps what it was given for the next start, the key for nobody else", async () => {
  const first = keeper();
  const pair = await first.obtain(server.client, never);
  expect(new X509Certificate(pair.certPem).subject).toBe("O=system:nodes\nCN=system:node:n1");
  expect((await stat(join(dir, "client.key"))).mode & 0o777).toBe(0o600);
  const next = keeper();
  await next.load();
  expect(next.current).toEqual(pair);
});

it("takes nothing from the disk that is another node's, damaged, or over", async () => {
  await keeper().obtain(server.client, never);
  const other = keeper("system:node:n2");
  await other.load();
  expect(other.current).toBeUndefined();

  const key = await readFile(join(dir, "client.key"), "utf8");
  await writeFile(join(dir, "client.key"), key.slice(0, 40));
  const damaged = keeper();
  await damaged.load();
  expect(damaged.current).toBeUndefined();

  answer = { forMs: -500 };
  const old = keeper();
  await old.obtain(server.client, never);
  expect(old.current).toBeUndefined();
});

it("renews before the time is over, and tells of it", async () => {
  answer = { forMs: 2000 };
  const kept = keeper();
  const first = await kept.obtain(server.client, never);
  const stop = new AbortController();
  const renewed = new Promise<{ certPem: string }>((resolve) => kept.onRenewed(resolve));
  answer = { forMs: 3600_000 };
  const running = kept.run(() => server.client, stop.signal);
  const second = await renewed;
  expect(second.certPem).not.toBe(first.certPem);
  expect(new X509Certificate(first.certPem).validToDate.getTime()).toBeGreaterThan(Date.now());
  expect(kept.current).toEqual(second);
  stop.abort();
  await running;
});

it("says why it is not given one", async () => {
  answer = "deny";
  await expect(keeper().obtain(server.client, never)).rejects.toMatchObject({
    code: REQUEST_DENIED,
    message: "by the test",
  });
});
