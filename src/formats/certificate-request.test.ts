import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { parseCertificateRequest } from "./certificate-request.ts";

/** Requests for `O=system:nodes, O=b, CN=system:node:n1`, and with RSA for `CN=x`. */
const REQUESTS = {
  p256: `
MIH1MIGeAgEAMDwxFTATBgNVBAoMDHN5c3RlbTpub2RlczEKMAgGA1UECgwBYjEX
MBUGA1UEAwwOc3lzdGVtOm5vZGU6bjEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AARI9d/hbKESNzPyzKWFr7NciQRrDfWq2uV19f4wzZObMxzNoEW/K/gqj43y6Dc5
CfDidy5HXnVTtnly4FdpzKaMoAAwCgYIKoZIzj0EAwIDRgAwQwIgFLAbfNn0DbrC
TmROAOwZpVo0L92GMmkEtf2Rg8eTlnUCHwF3AZSa+gxiX7r19r8+fd4ABkTSNsq4
ZmxHkms0x3w=`,
  ed25519: `
MIG7MG8CAQAwPDEVMBMGA1UECgwMc3lzdGVtOm5vZGVzMQowCAYDVQQKDAFiMRcw
FQYDVQQDDA5zeXN0ZW06bm9kZTpuMTAqMAUGAytlcAMhAA4PQUumqMjuCPTYc1vq
ZJO+zK8/GEyplbcdfEQf9izHoAAwBQYDK2VwA0EAVpYRAEgndQZu5tH0XBo+jKOa
OIyreBuc6X+4joun+iZRwlHy+Hd9itIOaZ/yKcRAiVjsUXiHLYBzBJuch3RYAw==`,
  rsaPss: `
MIIBfzCBtQIBADAMMQowCAYDVQQDDAF4MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCB
iQKBgQCUdCespIw52Q1lofw3ZZj9Z2tOTIi6Z2ws61EevvKP+qSiZgQN/hy9PVZj
tH7CyGTDFXdqU1l09shL/c8ODqRWYeGOiyVT7LWzz92fLgv9fIEGOGLGD3j7Bnpw
Nl0qjc1UhEu93d0OKfX97OqgzbpYeebgtO9QoVGm8g6w5fC2lQIDAQABoAAwQQYJ
KoZIhvcNAQEKMDSgDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglg
hkgBZQMEAgEFAKIDAgEgA4GBAC4INvibc0rt4lENlvryeTniaXkrMJQbBubB7hdg
b7AXeW2fK5z39xZPd2Na+k80Otyftl0l1UEr+0sCGWrmRB45ArH9/ALAX9tlZfCW
jjNPq+zhZgBzXjT+fmRKFioNNkxqMJ6jOMJ11YIaD7F9oIR0bOQ3WrdtpGAQC7rd
CKPy`,
  rsaMd5: `
MIIBSzCBtQIBADAMMQowCAYDVQQDDAF4MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCB
iQKBgQCUdCespIw52Q1lofw3ZZj9Z2tOTIi6Z2ws61EevvKP+qSiZgQN/hy9PVZj
tH7CyGTDFXdqU1l09shL/c8ODqRWYeGOiyVT7LWzz92fLgv9fIEGOGLGD3j7Bnpw
Nl0qjc1UhEu93d0OKfX97OqgzbpYeebgtO9QoVGm8g6w5fC2lQIDAQABoAAwDQYJ
KoZIhvcNAQEEBQADgYEAC/p3KB4LwHX6OLyQNPo3weo4Sy3HOiF4Yt1mFy8ual42
6AiFTLdvhE6FeVK2i94cnVNStuUSXIWF+Y5G1wQLJ1d+MF4sJIvoEJQRBc/qBixv
yPU6si2Rg9Yc2PB8s/dA5jIzec9bpY7GLWqnsLnvVOvKKWPOEGYTbHcE/8yzzaI=`,
  koblitz: `
MIH0MIGbAgEAMDwxFTATBgNVBAoMDHN5c3RlbTpub2RlczEKMAgGA1UECgwBYjEX
MBUGA1UEAwwOc3lzdGVtOm5vZGU6bjEwVjAQBgcqhkjOPQIBBgUrgQQACgNCAATg
yHFPZ4oWtG+225G8xlJn+W7fCTZ33f6LUCQ01IufqEzbwSZz7RkGkZ8vBI2fuio3
LuuQvQ7Qzfw4KJTA6jJMoAAwCgYIKoZIzj0EAwIDSAAwRQIgKpujQi5fT/uOdT73
kJ4kK+cMAGvq1gmVePOyYxO2CDICIQDtUgTdgtYuaGDzQVi0U1V9YdqoH9IZ4Zuw
GfJQAsadJQ==`,
};

const der = (name: keyof typeof REQUESTS) => Buffer.from(REQUESTS[name], "base64");

/** With the last byte, which is of the signature, another one. */
function forged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length - 1]! ^= 1;
  return copy;
}

describe("a certificate request", () => {
  const node = { commonName: "system:node:n1", organizations: ["system:nodes", "b"] };
  it.each([
    ["p256", node, "x509: ECDSA verification failure"],
    ["ed25519", node, "x509: Ed25519 verification failure"],
    ["rsaPss", { commonName: "x", organizations: [] }, "crypto/rsa: verification error"],
  ] as const)("with %s says who it is for, and is signed", (name, subject, problem) => {
    const request = parseCertificateRequest(der(name));
    expect(request.subject).toEqual(subject);
    expect(request.signatureProblem()).toBeUndefined();
    expect(parseCertificateRequest(forged(der(name))).signatureProblem()).toBe(problem);
  });

  it("is not to be signed with MD5", () => {
    expect(parseCertificateRequest(der("rsaMd5")).signatureProblem()).toBe(
      "x509: cannot verify signature: insecure algorithm MD5-RSA",
    );
  });

  it.each([
    ["a curve that is not known", der("koblitz"), "x509: unsupported elliptic curve"],
    ["nothing", Buffer.alloc(0), "asn1: syntax error: sequence truncated"],
    ["half of it", der("p256").subarray(0, 100), "asn1: syntax error: data truncated"],
    ["more than it", Buffer.concat([der("p256"), Buffer.alloc(1)]), "asn1: syntax error: trailing data"],
    [
      "a text",
      Buffer.from("SEQUENCE"),
      "asn1: structure error: tags don't match (16 vs {class:1 tag:19 length:69 isCompound:false}) {optional:false explicit:false application:false private:false defaultValue:<nil> tag:<nil> stringType:0 timeType:0 set:false omitEmpty:false} certificateRequest @2",
    ],
    ["an endless one", Buffer.from("3080", "hex"), "asn1: syntax error: indefinite length found (not DER)"],
  ])("is not read from %s", (_, bytes, message) => {
    expect(() => parseCertificateRequest(bytes)).toThrow(message);
  });
});
