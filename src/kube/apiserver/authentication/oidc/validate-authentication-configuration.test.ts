import { describe, expect, it } from "vitest";
import type { AuthenticationConfiguration, JwtAuthenticatorConfig } from "./authentication-configuration.ts";
import { readAuthenticationConfiguration } from "./authentication-configuration.ts";
import { compileAuthenticationConfiguration } from "./validate-authentication-configuration.ts";

const issuer = { url: "https://issuer", audiences: ["a"] };
const username = { claim: "sub", prefix: "" };
const VALID: JwtAuthenticatorConfig = { issuer, claimMappings: { username } };
const told = (configuration: AuthenticationConfiguration) =>
  compileAuthenticationConfiguration(configuration, ["https://own"]).errors.map(
    ({ field, message }) => `${field}: ${message}`,
  );
const EMAIL =
  "claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression";

describe("an AuthenticationConfiguration", () => {
  it.each<[JwtAuthenticatorConfig, string[]]>([
    [VALID, []],
    [
      {},
      [
        "jwt[0].issuer.url: Required value: URL is required",
        "jwt[0].issuer.audiences: Required value: at least one jwt[0].issuer.audiences is required",
        "jwt[0].claimMappings.username: Required value: claim or expression is required",
      ],
    ],
    [
      { ...VALID, issuer: { ...issuer, url: "http://u:p@x?a#b" } },
      [
        'jwt[0].issuer.url: Invalid value: "http://u:p@x?a#b": URL scheme must be https',
        'jwt[0].issuer.url: Invalid value: "http://u:p@x?a#b": URL must not contain a username or password',
        'jwt[0].issuer.url: Invalid value: "http://u:p@x?a#b": URL must not contain a query',
        'jwt[0].issuer.url: Invalid value: "http://u:p@x?a#b": URL must not contain a fragment',
      ],
    ],
    [
      { ...VALID, issuer: { ...issuer, url: "https://own" } },
      [
        'jwt[0].issuer.url: Invalid value: "https://own": URL must not overlap with disallowed issuers: [https://own]',
      ],
    ],
    [
      { ...VALID, issuer: { ...issuer, discoveryURL: "https://issuer/" } },
      [
        'jwt[0].issuer.discoveryURL: Invalid value: "https://issuer/": discoveryURL must be different from URL',
      ],
    ],
    [
      { ...VALID, issuer: { ...issuer, audiences: ["a", "a", ""] } },
      [
        'jwt[0].issuer.audiences[1]: Duplicate value: "a"',
        "jwt[0].issuer.audiences[2]: Required value: audience can't be empty",
        'jwt[0].issuer.audienceMatchPolicy: Invalid value: "": audienceMatchPolicy must be MatchAny for multiple audiences',
      ],
    ],
    [
      { ...VALID, issuer: { ...issuer, certificateAuthority: "none" } },
      [
        'jwt[0].issuer.certificateAuthority: Invalid value: "<omitted>": data does not contain any valid RSA or ECDSA certificates',
      ],
    ],
    [
      { ...VALID, claimMappings: { username: { claim: "sub" } } },
      [
        "jwt[0].claimMappings.username.prefix: Required value: prefix is required when claim is set. It can be set to an empty string to disable prefixing",
      ],
    ],
    [
      {
        ...VALID,
        claimMappings: { username: { claim: "a", expression: "b" }, uid: { claim: "a", expression: "b" } },
      },
      [
        'jwt[0].claimMappings.username: Invalid value: "": claim and expression can\'t both be set',
        'jwt[0].claimMappings.uid: Invalid value: "": claim and expression can\'t both be set',
      ],
    ],
    [
      { ...VALID, claimMappings: { username: { expression: "claims.email" } } },
      [`jwt[0].claimMappings.username.expression: Invalid value: "claims.email": ${EMAIL}`],
    ],
    [
      {
        ...VALID,
        claimMappings: { username: { expression: "claims.?email.orValue('')" } },
        claimValidationRules: [{ expression: "claims.?email_verified.orValue(true)" }],
      },
      [
        'jwt[0].claimValidationRules[0].expression: Invalid value: "claims.?email_verified.orValue(true)": must evaluate to bool',
        `jwt[0].claimMappings.username.expression: Invalid value: "claims.?email.orValue('')": ${EMAIL}`,
      ],
    ],
    [
      {
        ...VALID,
        claimMappings: { username: { expression: "claims.email" } },
        claimValidationRules: [{ expression: "claims.email_verified == true" }],
      },
      [],
    ],
    [
      {
        ...VALID,
        claimValidationRules: [
          {},
          { claim: "a", message: "m" },
          { claim: "a" },
          { expression: "true", requiredValue: "x" },
          { expression: "true" },
          { expression: "1" },
          { claim: "b", expression: "true" },
        ],
      },
      [
        "jwt[0].claimValidationRules[0]: Required value: claim or expression is required",
        'jwt[0].claimValidationRules[1].message: Invalid value: "m": message can\'t be set when claim is set',
        'jwt[0].claimValidationRules[2].claim: Duplicate value: "a"',
        'jwt[0].claimValidationRules[3].requiredValue: Invalid value: "x": requiredValue can\'t be set when expression is set',
        'jwt[0].claimValidationRules[4].expression: Duplicate value: "true"',
        'jwt[0].claimValidationRules[5].expression: Invalid value: "1": must evaluate to bool',
        'jwt[0].claimValidationRules[6]: Invalid value: "b": claim and expression can\'t both be set',
      ],
    ],
    [
      {
        ...VALID,
        claimMappings: {
          username,
          extra: [
            { key: "a", valueExpression: "'x'" },
            { key: "k8s.io/A", valueExpression: "'x'" },
            { key: "b.example/c" },
          ],
        },
      },
      [
        'jwt[0].claimMappings.extra[0].key: Invalid value: "a": must be a domain-prefixed path (such as "acme.io/foo")',
        'jwt[0].claimMappings.extra[1].key: Invalid value: "k8s.io/A": key must be lowercase',
        'jwt[0].claimMappings.extra[1].key: Invalid value: "k8s.io/A": k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use',
        "jwt[0].claimMappings.extra[2].valueExpression: Required value: valueExpression is required",
      ],
    ],
    [
      { ...VALID, userValidationRules: [{}, { expression: "user.name == ''" }] },
      [
        "jwt[0].userValidationRules[0].expression: Required value: expression is required",
        "jwt[0].userValidationRules[1].expression: Invalid value: \"user.name == ''\": compilation failed: ERROR: <input>:1:5: undefined field 'name'\n | user.name == ''\n | ....^",
      ],
    ],
  ])("%j", (jwt, errors) => {
    expect(told({ jwt: [jwt] })).toEqual(errors);
  });

  it("names an issuer once, and has conditions only where the nameless may come", () => {
    expect(told({ jwt: [VALID, VALID] })).toEqual(['jwt[1].issuer.url: Duplicate value: "https://issuer"']);
    expect(told({ jwt: Array(65).fill(VALID) })).toEqual(["jwt: Too many: 65: must have at most 64 items"]);
    expect(told({ anonymous: { conditions: [{ path: "/livez" }] } })).toEqual([
      'anonymous.conditions: Invalid value: [{"path":"/livez"}]: enabled should be set to true when conditions are defined',
    ]);
  });

  it("has no other fields", () => {
    const head = "apiVersion: apiserver.config.k8s.io/v1beta1\nkind: AuthenticationConfiguration\n";
    expect(() => readAuthenticationConfiguration("")).toThrow("empty config data");
    expect(() => readAuthenticationConfiguration(`${head}jwt: [{issuer: {uri: x}}]`)).toThrow(
      'strict decoding error: unknown field "jwt[0].issuer.uri"',
    );
    expect(() => readAuthenticationConfiguration("apiVersion: v1\nkind: Pod\n")).toThrow(
      'no kind "Pod" is registered for version "v1"',
    );
  });
});
