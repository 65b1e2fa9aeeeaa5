import { X509Certificate } from "node:crypto";
import { connect, type TLSSocket } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { selfSigned } from "../../pki/index.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";
import { cipherListOf } from "./cipher-suites.ts";
import { certificatesByName, parseCertKey } from "./named-certificates.ts";

function pairOf(commonName: string, dnsNames: string[], names: string[] = []) {
  const { certPem, keyPem } = selfSigned(commonName, dnsNames, { nowMs: Date.now(), forMs: 3_600_000 });
  return { certPem, keyPem, names };
}

describe("--tls-sni-cert-key", () => {
  let server: TestServer;
  afterEach(() => server.stop());

  it("has the certificate of the name that a client asks for, and believes client certificates there too", async () => {
    const named = [
      pairOf("given", ["own.example"], ["api.example", "*.wild.example"]),
      pairOf("own", ["own.example", "api.example"]),
      pairOf("later", ["own.example", "later.example"]),
    ];
    server = await startTestServer({ tls: { named } });
    const shown = (servername: string) =>
      new Promise<string>((resolve, reject) => {
        const socket: TLSSocket = connect({
          ...{ host: "127.0.0.1", port: Number(new URL(server.url).port) },
          ...(servername === "" ? {} : { servername }),
          rejectUnauthorized: false,
        });
        socket.on("secureConnect", () => {
          resolve(new X509Certificate(socket.getPeerCertificate().raw).subject.replace(/^.*CN=/s, ""));
          socket.destroy();
        });
        socket.on("error", reject);
      });
    const names = ["api.example", "API.example", "a.wild.example", "own.example", "later.example"];
    expect(await Promise.all(names.map(shown))).toEqual(["given", "given", "given", "own", "later"]);
    const standard = await shown("");
    expect(await Promise.all(["a.b.wild.example", "wild.example", "other"].map(shown))).toEqual(
      Array(3).fill(standard),
    );
    const owner = "kube-apiserver-kubelet-client";
    expect([await identityOver(server, "api.example"), await identityOver(server, undefined)]).toEqual([
      owner,
      owner,
    ]);
  });
});

/** Whom the server takes the owner of a client certificate for. */
async function identityOver(server: TestServer, servername: string | undefined): Promise<string> {
  const { request } = await import("node:https");
  const { certPem: cert, keyPem: key } = server.certificates.kubeletClient;
  const body = JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" });
  return new Promise((resolve, reject) => {
    const asked = request(
      `${server.url}/apis/authentication.k8s.io/v1/selfsubjectreviews`,
      {
        ...{ method: "POST", cert, key, rejectUnauthorized: false, agent: false },
        ...(servername === undefined ? {} : { servername }),
        headers: { "content-type": "application/json" },
      },
      (res) => {
        let text = "";
        res.on("data", (chunk) => {
          text += chunk;
        });
        res.on("end", () => resolve(JSON.parse(text).status.userInfo.username));
      },
    );
    asked.on("error", reject);
    asked.end(body);
  });
}

describe("a certificate for names", () => {
  it("is told as files and names", () => {
    expect(parseCertKey("a.crt, a.key: x, *.y")).toEqual({
      certFile: "a.crt",
      keyFile: "a.key",
      names: ["x", "*.y"],
    });
    expect(parseCertKey("a.crt,a.key").names).toEqual([]);
    expect(() => certificatesByName([{ names: [], certPem: "x", keyPem: "y" }])).toThrow(
      "invalid SNI cert keypair [0]: ",
    );
  });
});

describe("--tls-cipher-suites", () => {
  it("are told to OpenSSL by its own names, those of TLS 1.3 always", () => {
    const refused: string[] = [];
    const of = (...names: string[]) => cipherListOf(names, (name) => refused.push(name));
    const tls13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
    expect(of()).toBeUndefined();
    expect(
      of("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", "TLS_RSA_WITH_RC4_128_SHA"),
    ).toBe(`${tls13}:ECDHE-RSA-AES128-GCM-SHA256`);
    expect(refused).toEqual([]);
    of("AES128-SHA");
    expect(refused).toEqual(["AES128-SHA"]);
  });
});
