import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Clock, silentLogger, systemClock } from "../../../../base/index.ts";
import { tokenReviews } from "../../../api/index.ts";
import { rawRequest } from "../../testing/raw-request.ts";
import { startTestServer } from "../../testing/start-test-server.ts";
import { TlsAgents } from "../../webhook/tls-agents.ts";
import type { JwtAuthenticatorConfig } from "./authentication-configuration.ts";
import { JwtAuthenticators, type OidcOptions } from "./jwt-authenticators.ts";
import { ecKey, rsaKey, startTestIssuer, type TestIssuer, tokenOf } from "./test-issuer.test-support.ts";

const RSA = rsaKey();
const OTHER = rsaKey();
const on = (path: string, answer: (res: ServerResponse) => void) => (asked: string, res: ServerResponse) => {
  if (asked === path) answer(res);
  return asked === path;
};
const now = () => Math.floor(Date.now() / 1000);

describe("ID tokens of an issuer", () => {
  let issuer: TestIssuer;
  let agents: TlsAgents;
  let stop: AbortController;
  beforeEach(async () => {
    issuer = await startTestIssuer();
    issuer.keys.push({ kid: "rsa", publicKey: RSA.publicKey });
    agents = new TlsAgents();
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    agents.close();
    await issuer.close();
  });

  const config = (more: Partial<JwtAuthenticatorConfig> = {}): JwtAuthenticatorConfig => ({
    issuer: { url: issuer.url, audiences: ["kube"], certificateAuthority: issuer.caPem },
    claimMappings: { username: { claim: "sub", prefix: "oidc:" }, groups: { claim: "groups", prefix: "g:" } },
    ...more,
  });
  const create = (jwt: JwtAuthenticatorConfig, more: Partial<OidcOptions> = {}, clock: Clock = systemClock) =>
    new JwtAuthenticators(
      { configuration: { jwt: [jwt] }, disallowedIssuers: [], ...more },
      { agents, logger: silentLogger, clock },
    );
  const start = async (jwt = config(), more: Partial<OidcOptions> = {}, clock?: Clock) => {
    const authenticators = create(jwt, more, clock);
    authenticators.run(stop.signal);
    await vi.waitFor(async () => {
      const asked = await authenticators
        .authenticateToken(token({ aud: "nobody" }))
        .catch((error) => error.message);
      expect(asked).not.toContain("not initialized");
    });
    return authenticators;
  };
  const claims = (more: object = {}) => ({
    iss: issuer.url,
    aud: "kube",
    sub: "jane",
    exp: now() + 600,
    ...more,
  });
  const token = (more: object = {}) =>
    tokenOf(claims(more), { privateKey: RSA.privateKey, algorithm: "RS256", kid: "rsa" });

  it("tell who somebody is", async () => {
    const authenticators = await start();
    expect(await authenticators.authenticateToken(token({ groups: ["a", "b"], jti: "7" }))).toEqual({
      user: {
        name: "oidc:jane",
        groups: ["g:a", "g:b"],
        extra: { "authentication.kubernetes.io/credential-id": ["JTI=7"] },
      },
    });
    expect(await authenticators.authenticateToken(token({ aud: ["x", "kube"], groups: "one" }))).toEqual({
      user: { name: "oidc:jane", groups: ["g:one"] },
    });
    expect(await authenticators.authenticateToken(token({ iss: "https://other" }))).toBeUndefined();
    expect(await authenticators.authenticateToken("no.jwt.here")).toBeUndefined();
  });

  it.each([
    ["of another audience", { aud: "other" }, /expected audience in \["kube"\] got \["other"\]/],
    ["that have ended", { exp: 1 }, /token is expired \(Token Expiry: 1970-01-01T00:00:01Z\)/],
    ["that never end", { exp: undefined }, /token is expired/],
    ["that have not begun", { nbf: now() + 3600 }, /before the nbf/],
    ["without a name", { sub: undefined }, /parse username claims "sub": claim not present/],
    ["whose name is none", { sub: 5 }, /cannot unmarshal number into Go value of type string/],
    [
      "whose groups are none",
      { groups: [1] },
      /oidc: parse groups claim "groups": json: cannot unmarshal number/,
    ],
    [
      "whose groups are elsewhere",
      { _claim_names: { groups: "s" }, _claim_sources: { s: { endpoint: "https://x" } } },
      /distributed claims/,
    ],
  ])("%s are not taken", async (_what, more, problem) => {
    const authenticators = await start();
    await expect(authenticators.authenticateToken(token(more))).rejects.toThrow(problem);
  });

  it("are taken with each algorithm that the keys are for", async () => {
    const curves = { ES256: ecKey("P-256"), ES384: ecKey("P-384"), ES512: ecKey("P-521") };
    for (const [kid, { publicKey }] of Object.entries(curves)) issuer.keys.push({ kid, publicKey });
    const authenticators = await start();
    for (const algorithm of ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] as const) {
      const signed = tokenOf(claims(), { privateKey: RSA.privateKey, algorithm });
      expect(await authenticators.authenticateToken(signed), algorithm).toBeDefined();
    }
    for (const algorithm of ["ES256", "ES384", "ES512"] as const) {
      const { privateKey } = curves[algorithm];
      const signed = tokenOf(claims(), { privateKey, algorithm, kid: algorithm });
      expect(await authenticators.authenticateToken(signed), algorithm).toBeDefined();
    }
  });

  it.each([
    ["not signed", { algorithm: "none" }, /unsupported algorithm, expected \["RS256" .*\] got "none"/],
    ["signed with a shared secret", { algorithm: "HS256" }, /unsupported algorithm/],
    [
      "signed by somebody else",
      { algorithm: "RS256", privateKey: OTHER.privateKey },
      /failed to verify id token/,
    ],
    ["signed with a key of another name", { algorithm: "RS256", kid: "else" }, /failed to verify id token/],
    ["of which more is to be understood", { algorithm: "RS256", head: { crit: ["b64"] } }, /crit/],
  ] as const)("that are %s are not taken", async (_what, more, problem) => {
    const authenticators = await start();
    const signed = tokenOf(claims(), { privateKey: RSA.privateKey, kid: "rsa", ...more });
    await expect(authenticators.authenticateToken(signed)).rejects.toThrow(problem);
  });

  it("are taken with the algorithms of the flag only", async () => {
    const authenticators = await start(config(), { algorithms: ["RS256"] });
    const signed = tokenOf(claims(), { privateKey: RSA.privateKey, algorithm: "RS512" });
    await expect(authenticators.authenticateToken(signed)).rejects.toThrow('expected ["RS256"] got "RS512"');
  });

  it("are held to new keys of the issuer, which are read once for many and kept as long as it says", async () => {
    const authenticators = await start();
    await Promise.all([1, 2, 3].map((n) => authenticators.authenticateToken(token({ n }))));
    const read = () => issuer.asked.filter((path) => path === "/keys").length;
    expect(read()).toBe(1);
    await authenticators.authenticateToken(token());
    expect(read()).toBe(1);
    issuer.keys = [{ kid: "new", publicKey: OTHER.publicKey }];
    issuer.keyHeaders = { "cache-control": "public, max-age=3600" };
    const renewed = tokenOf(claims(), { privateKey: OTHER.privateKey, algorithm: "RS256", kid: "new" });
    expect(await authenticators.authenticateToken(renewed)).toBeDefined();
    expect(read()).toBe(2);
    await expect(authenticators.authenticateToken(token())).rejects.toThrow("failed to verify");
    expect(read()).toBe(2);
  });

  it("are judged with the known keys while the issuer is away", async () => {
    const authenticators = await start();
    await authenticators.authenticateToken(token());
    await issuer.close();
    expect(await authenticators.authenticateToken(token())).toBeDefined();
    const foreign = tokenOf(claims(), { privateKey: OTHER.privateKey, algorithm: "RS256" });
    await expect(authenticators.authenticateToken(foreign)).rejects.toThrow(
      /fetching keys .*(?:connection refused|EOF)/,
    );
  });

  it.each([
    [
      "too much",
      (res: { end(text: string): void }) => res.end(`"${"x".repeat(2 ** 21)}"`),
      /more than 1048576 bytes/,
    ],
    ["what is no JSON", (res: { end(text: string): void }) => res.end("<html>"), /get keys failed/],
    ["no keys", (res: { end(text: string): void }) => res.end("{}"), /there is no list of keys/],
  ])("are refused where the issuer answers %s", async (_what, answer, problem) => {
    const authenticators = await start();
    issuer.instead = on("/keys", answer);
    await expect(authenticators.authenticateToken(token())).rejects.toThrow(problem);
    issuer.instead = () => false;
    expect(await authenticators.authenticateToken(token())).toBeDefined();
  });

  it("are not judged by what an issuer redirects to without TLS, nor without end", async () => {
    const authenticators = await start();
    let location = "http://127.0.0.1:1/keys";
    issuer.instead = on("/keys", (res) => res.writeHead(302, { location }).end());
    await expect(authenticators.authenticateToken(token())).rejects.toThrow("only https is spoken");
    location = "/keys";
    await expect(authenticators.authenticateToken(token())).rejects.toThrow("stopped after 10 redirects");
  });

  it("are not taken from an issuer of another authority or another name", async () => {
    const stranger = create(config({ issuer: { url: issuer.url, audiences: ["kube"] } }));
    stranger.run(stop.signal);
    issuer.instead = on("/.well-known/openid-configuration", (res) => res.end('{"issuer":"https://other"}'));
    const renamed = create(config());
    renamed.run(stop.signal);
    await vi.waitFor(() => expect(issuer.asked.length).toBeGreaterThan(0));
    for (const one of [stranger, renamed])
      await expect(one.authenticateToken(token())).rejects.toThrow("oidc: authenticator not initialized");
  });

  it("are found by another URL", async () => {
    const { caPem, url } = issuer;
    const discoveryURL = `${url}/elsewhere`;
    issuer.instead = on("/elsewhere", (res) =>
      res.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` })),
    );
    const authenticators = await start(
      config({ issuer: { url, discoveryURL, audiences: ["kube"], certificateAuthority: caPem } }),
    );
    expect(await authenticators.authenticateToken(token())).toBeDefined();
    expect(issuer.asked).toEqual(["/elsewhere", "/keys"]);
  });

  it("are mapped and held to rules by expressions", async () => {
    const authenticators = await start(
      config({
        claimMappings: {
          username: { expression: "claims.sub + '@' + claims.org.name" },
          groups: { expression: "claims.roles.split(',')" },
          uid: { expression: "string(claims.n)" },
          extra: [{ key: "example.com/team", valueExpression: "claims.?team.orValue('')" }],
        },
        claimValidationRules: [
          { claim: "hd", requiredValue: "example.com" },
          { expression: "claims.exp - claims.iat <= 3600", message: "lives too long" },
        ],
        userValidationRules: [{ expression: "!user.username.startsWith('system:')", message: "reserved" }],
      }),
    );
    const more = { org: { name: "x" }, roles: "a,,b", n: 5, iat: now(), hd: "example.com" };
    expect(await authenticators.authenticateToken(token({ ...more, team: "red" }))).toEqual({
      user: { name: "jane@x", groups: ["a", "b"], uid: "5", extra: { "example.com/team": ["red"] } },
    });
    const problem = async (claims: object) =>
      authenticators.authenticateToken(token({ ...more, ...claims })).catch((error) => error.message);
    expect(await problem({ iat: 0 })).toBe(
      "oidc: error evaluating claim validation expression: validation expression 'claims.exp - claims.iat <= 3600' failed: lives too long",
    );
    expect(await problem({ hd: "other" })).toBe(
      "oidc: required claim hd value does not match. Got = other, want = example.com",
    );
    expect(await problem({ hd: undefined })).toBe("oidc: required claim hd not present in ID token");
    expect(await problem({ sub: "system:x" })).toBe(
      "oidc: error evaluating user info validation rule: validation expression '!user.username.startsWith('system:')' failed: reserved",
    );
    expect(await problem({ org: undefined })).toBe(
      "oidc: error evaluating username claim expression: expression 'claims.sub + '@' + claims.org.name' resulted in error: no such key: org",
    );
  });

  it("with an address that is not verified are nobody's", async () => {
    const authenticators = await start(
      config({ claimMappings: { username: { claim: "email", prefix: "" } } }),
    );
    const email = "jane@example.com";
    expect(await authenticators.authenticateToken(token({ email, email_verified: true }))).toBeDefined();
    await expect(authenticators.authenticateToken(token({ email, email_verified: false }))).rejects.toThrow(
      "oidc: email not verified",
    );
  });

  it("let people into a server, which tells whose they are", async () => {
    const server = await startTestServer({
      authentication: { oidc: { configuration: { jwt: [config()] }, disallowedIssuers: [] } },
    });
    const review = () =>
      server.client.create(tokenReviews, { metadata: {}, spec: { token: token({ groups: ["g"] }) } });
    try {
      await vi.waitFor(async () =>
        expect((await review()).status).toEqual({
          authenticated: true,
          user: { username: "oidc:jane", groups: ["g:g", "system:authenticated"] },
          audiences: ["https://kubernetes.default.svc.cluster.local"],
        }),
      );
      const get = (bearer: string) =>
        rawRequest(server, "/api/v1/namespaces", {
          identity: "nobody",
          headers: { authorization: `Bearer ${bearer}` },
        });
      expect((await get(token())).json.message).toContain(
        'User "oidc:jane" cannot list resource "namespaces"',
      );
      expect((await get(token({ exp: 1 }))).status).toBe(401);
    } finally {
      await server.stop();
    }
  });

  it("are judged by the file as it is now, unless that is wrong", async () => {
    const dir = await mkdtemp(join(tmpdir(), "gantry-oidc-"));
    const path = join(dir, "authentication.yaml");
    const text = (jwt: JwtAuthenticatorConfig) =>
      JSON.stringify({
        apiVersion: "apiserver.config.k8s.io/v1beta1",
        kind: "AuthenticationConfiguration",
        jwt: [jwt],
      });
    const looks: (() => void)[] = [];
    const clock: Clock = {
      ...systemClock,
      nowMs: () => systemClock.nowMs(),
      monotonicMs: () => systemClock.monotonicMs(),
      after: (...args) => systemClock.after(...args),
      sleep: (...args) => systemClock.sleep(...args),
      every: (_ms, fn) => {
        looks.push(fn);
        return () => {};
      },
    };
    await writeFile(path, text(config()));
    const authenticators = await start(config(), { reloaded: { path, text: text(config()) } }, clock);
    const name = async () => (await authenticators.authenticateToken(token()))?.user.name;
    await writeFile(path, text(config({ claimMappings: {} })));
    for (const look of looks) look();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await name()).toBe("oidc:jane");
    await writeFile(path, text(config({ claimMappings: { username: { claim: "sub", prefix: "new:" } } })));
    await vi.waitFor(async () => {
      for (const look of looks) look();
      expect(await name()).toBe("new:jane");
    });
    await rm(dir, { recursive: true });
  });
});
