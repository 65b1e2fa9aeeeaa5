import { createPublicKey } from "node:crypto";
import { generateKey, issueCertificate } from "../../pki/index.ts";
import { type AnswerRow, describeAnswers } from "../testing/answer-table.ts";

const subject = { commonName: "x" };
const privateKey = generateKey();
const certificate = issueCertificate({
  subject,
  publicKey: createPublicKey(privateKey),
  issuer: { subject, privateKey },
  usage: "server",
  notBeforeMs: Date.UTC(2024),
  notAfterMs: Date.UTC(2044),
});
const pemOf = (key: typeof privateKey) => String(key.export({ type: "pkcs8", format: "pem" }));
const key = pemOf(privateKey);

const made = (name: string, crt: string, privateKey: string, ...warnings: string[]): AnswerRow => ({
  request: "POST /api/v1/namespaces/default/secrets",
  body: {
    metadata: { name },
    type: "kubernetes.io/tls",
    stringData: { "tls.crt": crt, "tls.key": privateKey },
  },
  code: 201,
  warnings,
});

describeAnswers("a TLS secret", {
  rows: [
    made("pair", `of x\n${certificate}`, key),
    made("other", certificate, pemOf(generateKey()), "tls: private key does not match public key"),
    made("none", "a", "b", "tls: failed to find any PEM data in certificate input"),
    made("no-key", certificate, "b", "tls: failed to find any PEM data in key input"),
    made(
      "switched",
      key,
      certificate,
      "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched",
    ),
    made(
      "twice",
      certificate,
      certificate,
      "tls: found a certificate rather than a key in the PEM for the private key",
    ),
    made("broken", certificate, key.replace(/\nM.*\n/, "\nMIGH\n"), "tls: failed to parse private key"),
  ],
});
