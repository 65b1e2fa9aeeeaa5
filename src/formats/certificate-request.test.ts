import { describe, expect, it } from "vitest";
import { DEVS_REQUEST, MASTERS_REQUEST } from "./certificate-request.test-support.ts";
import { parseCertificateSigningRequest } from "./certificate-request.ts";
import { pemBlocks } from "./pem.ts";

const pemOf = (bytes: Buffer, label = "CERTIFICATE REQUEST") =>
  `-----BEGIN ${label}-----\n${bytes.toString("base64")}\n-----END ${label}-----\n`;
const bytes = pemBlocks(DEVS_REQUEST)[0]!.bytes;

describe("a request for a certificate", () => {
  it("says for whom it is", () => {
    expect(parseCertificateSigningRequest(MASTERS_REQUEST)).toEqual({
      commonName: "alice",
      organizations: ["system:masters", "dévs"],
    });
    expect(parseCertificateSigningRequest(`text\n${DEVS_REQUEST}${MASTERS_REQUEST}`)).toEqual({
      commonName: "bob",
      organizations: ["devs"],
    });
  });

  it.each([
    ["", "PEM block type must be CERTIFICATE REQUEST"],
    [pemOf(bytes, "CERTIFICATE"), "PEM block type must be CERTIFICATE REQUEST"],
    [pemOf(bytes.subarray(0, -1)), "asn1: syntax error: data truncated"],
    [pemOf(Buffer.concat([bytes, Buffer.from([5, 0])])), "asn1: syntax error: trailing data"],
    [pemOf(Buffer.from([0x31, 0])), "asn1: structure error: tags don't match"],
    [pemOf(Buffer.from([0x30, 0])), "asn1: syntax error: sequence truncated"],
    [pemOf(Buffer.from([0x30, 0x80, 0, 0])), "asn1: syntax error: indefinite length found (not DER)"],
    [pemOf(Buffer.from([0x30, 0x81, 1, 0])), "asn1: structure error: non-minimal length"],
  ])("is refused where it is %j", (pem, message) => {
    expect(() => parseCertificateSigningRequest(pem)).toThrow(message);
  });
});
