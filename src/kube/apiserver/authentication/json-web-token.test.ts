import { generateKeyPairSync } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { signToken, verifyToken } from "./json-web-token.ts";

const key = { ...generateKeyPairSync("ec", { namedCurve: "P-256" }), keyId: "k".repeat(64) };
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("a token", () => {
  afterEach(() => vi.restoreAllMocks());

  it("gives its claims when the key has signed it, and only then", () => {
    const token = signToken({ sub: "a" }, key);
    expect(verifyToken(token, [key])).toEqual({ sub: "a" });
    const [head, , signature] = token.split(".");
    expect(verifyToken(`${head}.${encode({ sub: "b" })}.${signature}`, [key])).toBeUndefined();
    expect(verifyToken(`${encode({ alg: "none" })}.${encode({ sub: "a" })}.`, [key])).toBeUndefined();
  });

  it.each([
    ["RS256", generateKeyPairSync("rsa", { modulusLength: 2048 })],
    ["ES384", generateKeyPairSync("ec", { namedCurve: "P-384" })],
    ["ES512", generateKeyPairSync("ec", { namedCurve: "P-521" })],
  ])("may be signed with %s, by any of several keys", (alg, pair) => {
    const other = { ...pair, keyId: "other" };
    const token = signToken({ sub: "a" }, other);
    expect(JSON.parse(Buffer.from(token.split(".")[0]!, "base64url").toString())).toEqual({
      alg,
      kid: "other",
    });
    expect(verifyToken(token, [key])).toBeUndefined();
    expect(verifyToken(token, [key, other])).toEqual({ sub: "a" });
    expect(verifyToken(token, [key, { ...other, keyId: "unnamed" }])).toEqual({ sub: "a" });
  });

  it("has nobody parse what is long before it is proven", () => {
    const parse = vi.spyOn(JSON, "parse");
    const long = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`k${n}`, ""]));
    const head = encode({ alg: "ES256" });
    expect(verifyToken(`${encode({ alg: "ES256", ...long })}.${head}.x`, [key])).toBeUndefined();
    expect(verifyToken(`${head}.${encode(long)}.x`, [key])).toBeUndefined();
    const parsed = parse.mock.calls.map(([text]) => text.length);
    expect(Math.max(0, ...parsed)).toBeLessThan(512);
  });
});
