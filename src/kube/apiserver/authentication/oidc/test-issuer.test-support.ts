import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCertificates } from "../../certificates.ts";
import type { SigningAlgorithm } from "../json-web-signature.ts";
import { signatureOf } from "../json-web-signature.ts";

export interface TestIssuer {
  url: string;
  caPem: string;
  /** Paths in the order in which they were asked for. */
  asked: string[];
  keys: { kid: string; publicKey: KeyObject }[];
  /** Headers of the set of keys. */
  keyHeaders: Record<string, string>;
  /** Answers in place of what an issuer answers; false: it does not. */
  instead: (path: string, res: ServerResponse) => boolean;
  close(): Promise<void>;
}

/** An issuer of OpenID Connect over TLS whose authority is in `caPem`. */
export async function startTestIssuer(): Promise<TestIssuer> {
  const dir = await mkdtemp(join(tmpdir(), "gantry-issuer-"));
  const certificates = await openCertificates({ pkiDir: dir, serviceAddress: "10.96.0.1" });
  const { certPem: cert, keyPem: key } = await certificates.serverFor("issuer", "issuer", ["127.0.0.1"]);
  await rm(dir, { recursive: true });
  const server = https.createServer({ cert, key }, (req, res) => {
    issuer.asked.push(req.url!);
    if (issuer.instead(req.url!, res)) return;
    if (req.url === "/.well-known/openid-configuration")
      res.end(JSON.stringify({ issuer: issuer.url, jwks_uri: `${issuer.url}/keys` }));
    else if (req.url === "/keys") {
      const keys = issuer.keys.map(({ kid, publicKey }) => ({ ...publicKey.export({ format: "jwk" }), kid }));
      res.writeHead(200, issuer.keyHeaders).end(JSON.stringify({ keys: [{ kty: "oct", k: "AA" }, ...keys] }));
    } else res.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer: TestIssuer = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    caPem: certificates.caPem,
    asked: [],
    keys: [],
    keyHeaders: {},
    instead: () => false,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return issuer;
}

export const rsaKey = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
export const ecKey = (namedCurve = "P-256") => generateKeyPairSync("ec", { namedCurve });

/** A token that the key has signed; `head` adds to its head. */
export function tokenOf(
  claims: object,
  {
    privateKey,
    algorithm,
    kid,
    head = {},
  }: {
    privateKey: KeyObject;
    algorithm: SigningAlgorithm | "none" | "HS256";
    kid?: string;
    head?: object;
  },
): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: algorithm, ...(kid === undefined ? {} : { kid }), ...head })}.${part(claims)}`;
  const isForged = algorithm === "none" || algorithm === "HS256";
  const signature = isForged
    ? sign("sha256", Buffer.from(text), privateKey)
    : signatureOf(text, algorithm, privateKey);
  return `${text}.${signature.toString("base64url")}`;
}
