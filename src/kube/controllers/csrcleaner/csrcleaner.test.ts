import { createPublicKey } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ManualClock } from "../../../base/manual-clock.test-support.ts";
import { type CertificateSigningRequest, certificateSigningRequests } from "../../api/index.ts";
import { generateKey, issueCertificate } from "../../pki/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { Openssl } from "../testing/openssl.ts";
import { isOutdated } from "./deadlines.ts";
import { createCsrCleanerController } from "./index.ts";

const HOUR_MS = 3_600_000;
const NOW_MS = Date.parse("2026-01-02T00:00:00Z");
const agoOf = (hours: number) => new Date(NOW_MS - hours * HOUR_MS).toISOString();

function certificate(endsInHours: number): string {
  const privateKey = generateKey();
  const pem = issueCertificate({
    subject: { commonName: "a" },
    publicKey: createPublicKey(privateKey),
    issuer: { subject: { commonName: "ca" }, privateKey },
    usage: "client",
    notBeforeMs: NOW_MS - 48 * HOUR_MS,
    notAfterMs: NOW_MS + endsInHours * HOUR_MS,
  });
  return Buffer.from(pem).toString("base64");
}

describe("a certificate signing request is outdated", () => {
  const [GOOD, EXPIRED] = [certificate(1), certificate(-0.1)];
  it.each<[what: string, type: string | undefined, hours: number, issued: string | undefined, isIt: boolean]>(
    [
      ["undecided for long", undefined, 25, undefined, true],
      ["undecided for less than a day", undefined, 23, undefined, false],
      ["denied long ago", "Denied", 1.1, undefined, true],
      ["just denied", "Denied", 0.9, undefined, false],
      ["failed long ago", "Failed", 1.1, undefined, true],
      ["issued long ago", "Approved", 1.1, GOOD, true],
      ["just issued", "Approved", 0.9, GOOD, false],
      ["just issued, and expired", "Approved", 0.9, EXPIRED, true],
      ["issued with what is no certificate", "Approved", 0.9, "eA==", false],
      ["approved and never issued", "Approved", 99, undefined, false],
    ],
  )("%s", (_, type, hours, issued, isIt) => {
    const conditions =
      type === undefined ? undefined : [{ type, status: "True", lastUpdateTime: agoOf(hours) }];
    const request = {
      metadata: { name: "a", creationTimestamp: agoOf(hours) },
      status: { conditions, certificate: issued },
    } as unknown as CertificateSigningRequest;
    expect(isOutdated(request, NOW_MS)).toBe(isIt);
  });
});

describe("the cleaner of certificate signing requests", () => {
  let plane: ControlPlane;
  let openssl: Openssl;
  beforeAll(async () => {
    plane = await ControlPlane.start();
    openssl = await Openssl.open();
  });
  afterAll(async () => {
    await openssl.close();
    await plane.stop();
  });

  it("deletes what is outdated, and keeps the rest", async () => {
    const { client } = plane;
    const request = Buffer.from((await openssl.request("/CN=a")).request).toString("base64");
    const spec = { request, signerName: "example.com/a", usages: ["client auth"] };
    for (const name of ["pending", "denied"])
      await client.create(certificateSigningRequests, { metadata: { name }, spec });
    const conditions = [{ type: "Denied", status: "True", reason: "Test" }];
    await client.patch(
      certificateSigningRequests,
      undefined,
      "denied",
      "merge",
      { status: { conditions } },
      {
        subresource: "approval",
      },
    );
    const clock = new ManualClock(Date.now());
    await plane.run({ "certificate-controller": createCsrCleanerController }, { clock });
    const left = async () =>
      (await client.list(certificateSigningRequests)).items.map((one) => one.metadata.name);
    await clock.advance(HOUR_MS - 60_000);
    expect(await left()).toEqual(["denied", "pending"]);
    await clock.advance(2 * HOUR_MS);
    await eventually(async () => expect(await left()).toEqual(["pending"]));
    await clock.advance(24 * HOUR_MS);
    await eventually(async () => expect(await left()).toEqual([]));
  });
});
