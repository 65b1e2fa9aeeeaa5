import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../../base/index.ts";
import type { GivenFlags } from "../../../formats/index.ts";
import { tokenSigningKey } from "../certificates.ts";
import { readServerOptions } from "./read-server-options.ts";

const own = tokenSigningKey(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
const environment = { logger: silentLogger, writeOut: () => {}, tokenSigningKey: own };
const read = async (given: GivenFlags) => (await readServerOptions(given, environment)).authentication;

const HEAD = "apiVersion: apiserver.config.k8s.io/v1beta1\nkind: AuthenticationConfiguration\n";
const JWT = `${HEAD}jwt: [{issuer: {url: "https://i", audiences: [a]}, claimMappings: {username: {claim: sub, prefix: ""}}}]\n`;

describe("issuers of OpenID Connect that flags name", () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "gantry-oidc-flags-"));
  });
  afterAll(() => rm(dir, { recursive: true }));
  const file = async (text: string) => {
    await writeFile(join(dir, "f"), text);
    return [join(dir, "f")];
  };
  const URL = { "oidc-issuer-url": ["https://i"], "oidc-client-id": ["a"] };

  it.each<[GivenFlags, object]>([
    [{}, { username: { claim: "sub", prefix: "https://i#" } }],
    [{ "oidc-username-claim": ["email"] }, { username: { claim: "email", prefix: "" } }],
    [{ "oidc-username-prefix": ["-"] }, { username: { claim: "sub", prefix: "" } }],
    [
      { "oidc-username-prefix": ["x:"], "oidc-groups-claim": ["g"], "oidc-groups-prefix": ["y:"] },
      { username: { claim: "sub", prefix: "x:" }, groups: { claim: "g", prefix: "y:" } },
    ],
  ])("are mapped by %j", async (given, claimMappings) => {
    const { oidc } = await read({ ...URL, ...given });
    expect(oidc).toMatchObject({ algorithms: ["RS256"], configuration: { jwt: [{ claimMappings }] } });
  });

  it("have algorithms and required claims", async () => {
    const { oidc } = await read({
      ...URL,
      "oidc-signing-algs": ["RS512,ES256"],
      "oidc-required-claim": ["a=b=c", "d=e", "d=f"],
    });
    expect(oidc?.algorithms).toEqual(["RS512", "ES256"]);
    expect(oidc?.configuration.jwt?.[0]?.claimValidationRules).toEqual([
      { claim: "a", requiredValue: "b=c" },
      { claim: "d", requiredValue: "f" },
    ]);
  });

  it("come from a file, which is followed, with who may come without a name", async () => {
    const [path] = await file(`${JWT}anonymous: {enabled: true, conditions: [{path: /livez}]}\n`);
    const { oidc, anonymous } = await read({ "authentication-config": [path!] });
    expect(oidc?.reloaded?.path).toBe(path);
    expect(anonymous).toEqual({ isEnabled: true, paths: ["/livez"] });
  });

  it("let nobody in without a name where everybody may do everything", async () => {
    const { anonymous } = await read({ "authorization-mode": ["AlwaysAllow"], "anonymous-auth": ["true"] });
    expect(anonymous).toEqual({ isEnabled: false });
  });

  it.each<[string, GivenFlags, string | undefined, string]>([
    [
      "an issuer without a client",
      { "oidc-issuer-url": ["https://i"] },
      undefined,
      "oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set",
    ],
    [
      "an unknown algorithm",
      { ...URL, "oidc-signing-algs": ["HS256"] },
      undefined,
      'oidc: unsupported signing alg: "HS256"',
    ],
    ["flags and a file", URL, JWT, "authentication-config file and oidc-* flags are mutually exclusive"],
    [
      "the nameless by flag and file",
      { "anonymous-auth": ["true"] },
      `${HEAD}anonymous: {enabled: false}`,
      "--anonynous-auth flag cannot be set when anonymous field is configured in authentication configuration file",
    ],
    [
      "http",
      { ...URL, "oidc-issuer-url": ["http://i"] },
      undefined,
      'jwt[0].issuer.url: Invalid value: "http://i": URL scheme must be https',
    ],
    [
      "the server's own issuer",
      { "service-account-issuer": ["https://i"] },
      JWT,
      "URL must not overlap with disallowed issuers: [https://i]",
    ],
  ])("are refused with %s", async (_what, given, text, problem) => {
    const config: GivenFlags = text === undefined ? {} : { "authentication-config": await file(text) };
    await expect(read({ ...given, ...config })).rejects.toThrow(problem);
  });
});
