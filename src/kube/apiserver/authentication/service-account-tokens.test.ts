import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tokenSigningKey, verificationKey } from "../certificates.ts";
import { rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";
import { signToken, verifyToken } from "./json-web-token.ts";

describe("tokens of service accounts, with several issuers and keys", () => {
  let server: TestServer;
  const key = tokenSigningKey(generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey);
  const old = tokenSigningKey(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);

  beforeAll(async () => {
    server = await startTestServer({
      serviceAccountTokens: {
        key,
        keys: [verificationKey(key.publicKey), verificationKey(old.publicKey)],
        issuers: ["https://new.example", "https://old.example"],
        audiences: ["api", "https://old.example"],
        maxExpirationSeconds: 1000,
        jwksUri: "https://keys.example/jwks",
      },
    });
  });
  afterAll(() => server.stop());

  const request = async (body: object) =>
    (
      await rawRequest(server, "/api/v1/namespaces/default/serviceaccounts/default/token", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      })
    ).json;
  const list = async (token: string) =>
    (await rawRequest(server, "/api/v1/pods", { identity: { token } })).status;

  it("are issued by the first, for the API's audiences, for no longer than is allowed", async () => {
    const { status, spec } = await request({ spec: { expirationSeconds: 5000 } });
    expect(spec).toMatchObject({ audiences: ["api", "https://old.example"], expirationSeconds: 1000 });
    const claims = verifyToken(status.token, [key])!;
    expect(claims).toMatchObject({ iss: "https://new.example", aud: ["api", "https://old.example"] });
    expect(Number(claims.exp) - Number(claims.iat)).toBe(1000);
    expect(await list(status.token)).toBe(403);
  });

  it("are taken of all issuers, signed with any of the keys", async () => {
    const { status } = await request({});
    const claims = verifyToken(status.token, [key])!;
    expect(await list(signToken({ ...claims, iss: "https://old.example" }, old))).toBe(403);
    expect(await list(signToken({ ...claims, iss: "https://other.example" }, old))).toBe(401);
    expect(await list(signToken({ ...claims, aud: ["https://new.example"] }, old))).toBe(401);
  });

  it("are told of to those who want to prove them themselves", async () => {
    const { json: config } = await rawRequest(server, "/.well-known/openid-configuration");
    expect(config).toMatchObject({
      issuer: "https://new.example",
      jwks_uri: "https://keys.example/jwks",
      id_token_signing_alg_values_supported: ["ES256", "RS256"],
    });
    const { json: jwks } = await rawRequest(server, "/openid/v1/jwks");
    expect(jwks.keys).toEqual([
      { use: "sig", kty: "RSA", kid: key.keyId, alg: "RS256", n: expect.any(String), e: "AQAB" },
      {
        use: "sig",
        kty: "EC",
        kid: old.keyId,
        alg: "ES256",
        crv: "P-256",
        x: expect.any(String),
        y: expect.any(String),
      },
    ]);
  });
});
