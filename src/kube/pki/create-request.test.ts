import { X509Certificate } from "node:crypto";
import { expect, it } from "vitest";
import { parseCertificateRequest, pemBlocks } from "../../formats/index.ts";
import { createRequest } from "./create-request.ts";
import { distinguishedName, generateKey } from "./issue-certificate.ts";
import { signRequest } from "./sign-request.ts";

const requestOf = (pemText: string) => parseCertificateRequest(pemBlocks(pemText)[0]!.bytes);

it("makes requests that are signed by their keys, with subject and names", () => {
  const subject = { commonName: "system:node:n1", organizations: ["system:nodes"] };
  const names = ["n1", "192.0.2.7", "fd00::7"];
  const request = requestOf(createRequest({ subject, privateKey: generateKey(), names }));
  expect(request.signatureProblem()).toBeUndefined();
  expect(request.subject).toMatchObject({ commonName: "system:node:n1", organizations: ["system:nodes"] });
  const issuer = { name: distinguishedName({ commonName: "ca" }), privateKey: generateKey() };
  const usages = ["digital signature", "server auth"];
  const order = { request, usages, notBeforeMs: 0, notAfterMs: 1e12 };
  const certificate = new X509Certificate(signRequest(order, issuer));
  expect(certificate.subjectAltName).toBe("DNS:n1, IP Address:192.0.2.7, IP Address:FD00:0:0:0:0:0:0:7");
});

it("makes requests without names", () => {
  const request = requestOf(createRequest({ subject: { commonName: "a" }, privateKey: generateKey() }));
  expect(request.signatureProblem()).toBeUndefined();
  expect(request.alternativeNames).toEqual([]);
});
