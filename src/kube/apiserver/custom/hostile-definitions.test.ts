import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../base/index.ts";
import { rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

// Definitions and policies that want too much of the server, and objects made to make them expensive.

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
const JSON_TYPE = { "content-type": "application/json" };
/** Of an answer that must not depend on how big or how odd the input is, on a busy machine. */
const SOON_MS = 10_000;

const text = { type: "string" };
const texts = { type: "array", items: text };
const nested = (depth: number): object =>
  depth === 0 ? text : { type: "object", properties: { a: nested(depth - 1) } };
const withRule = (rule: string, properties: object) => ({
  type: "object",
  properties,
  "x-kubernetes-validations": [{ rule }],
});

describe("a server whose definitions ask too much", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  const post = async (path: string, body: object | string) => {
    const beganMs = performance.now();
    const answer = await rawRequest(server, path, {
      method: "POST",
      headers: JSON_TYPE,
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return { ...answer, tookMs: performance.now() - beganMs };
  };
  const define = (plural: string, spec: object) =>
    post(DEFINITIONS, {
      metadata: { name: `${plural}.hostile.example.com` },
      spec: {
        group: "hostile.example.com",
        scope: "Namespaced",
        names: { plural, kind: plural },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: "object", properties: { spec } } },
          },
        ],
      },
    });
  const make = async (kind: string, spec: object) => {
    const path = `/apis/hostile.example.com/v1/namespaces/default/${kind}`;
    for (let tries = 0; ; tries++) {
      const answer = await post(path, {
        apiVersion: "hostile.example.com/v1",
        kind,
        metadata: { generateName: "x-" },
        spec,
      });
      if (answer.status !== 404 || tries === 300) return answer;
      await systemClock.sleep(20);
    }
  };

  it.each<[what: string, spec: object, message: string]>([
    [
      "a rule over all of all of all",
      withRule("self.t.all(x, self.t.all(y, self.t.all(z, x + y != z)))", { t: texts }),
      "estimated rule cost exceeds budget by factor of more than 100x",
    ],
    [
      "a rule that matches text without an end",
      withRule("self.t.all(x, x.matches('^(a+)+$'))", { t: texts }),
      "estimated rule cost exceeds budget",
    ],
    [
      "a schema that refers to itself",
      { $ref: "#/properties/spec" },
      "$ref: Forbidden: $ref is not supported",
    ],
    [
      "a schema with definitions of its own",
      { type: "object", definitions: { a: { $ref: "#/definitions/a" } } },
      "definitions: Forbidden: definitions is not supported",
    ],
    [
      "a pattern that is none",
      { type: "string", pattern: "(" },
      'pattern: Invalid value: "(": must be a valid regular expression',
    ],
    [
      "a pattern that looks behind",
      { type: "string", pattern: "(?<=a)b" },
      "must be a valid regular expression",
    ],
    [
      "a pattern that repeats beyond measure",
      { type: "string", pattern: "((a{1000}){1000}){1000}" },
      "must be a valid regular expression",
    ],
  ])("refuses %s", async (what, spec, message) => {
    const { status, json, tookMs } = await define(`refused${what.length}`, spec);
    expect([status, json.message]).toEqual([422, expect.stringContaining(message)]);
    expect(tookMs).toBeLessThan(SOON_MS);
  });

  it("takes a schema of fifty levels, and one that is too deep not", async () => {
    expect((await define("deep", nested(50))).json.message).toBeUndefined();
    const { status, json } = await define("deeper", nested(1_500));
    expect([status, json.message]).toEqual([400, expect.stringContaining("exceeded max depth")]);
  });

  it("matches a pattern that explodes elsewhere, in time", async () => {
    expect((await define("patterns", { type: "string", pattern: "^(a|a?)+$|^((a*)*)*b$" })).status).toBe(201);
    const { status, json, tookMs } = await make("patterns", `${"a".repeat(50_000)}!` as unknown as object);
    expect([status, json.message]).toEqual([422, expect.stringContaining("should match")]);
    expect(tookMs).toBeLessThan(SOON_MS);
  });

  it("ends a rule that costs more than it may when it runs", async () => {
    const rule = "self.t.all(x, self.t.all(y, x != y + 'a'))";
    const limited = { type: "array", maxItems: 1_000, items: { type: "string", maxLength: 1 } };
    expect((await define("costly", withRule(rule, { t: limited }))).status).toBe(201);
    const { status, json, tookMs } = await make("costly", { t: Array(1_000).fill("a") });
    expect([status, json.message]).toEqual([422, expect.stringContaining("call cost exceeds limit")]);
    expect(tookMs).toBeLessThan(SOON_MS);
    expect((await make("costly", { t: Array(100).fill("a") })).status).toBe(201);
  });

  it("ends a policy's expression that costs more than it may", async () => {
    const data = Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`k${n}`, "x"]));
    const everyTriple = "object.data.all(x, object.data.all(y, object.data.all(z, x + y + z != 'never')))";
    const made = await post(POLICIES, {
      metadata: { name: "costly" },
      spec: {
        matchConstraints: {
          resourceRules: [
            { apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"], operations: ["CREATE"] },
          ],
        },
        validations: [{ expression: everyTriple }],
      },
    });
    expect(made.status).toBe(201);
    const binding = { policyName: "costly", validationActions: ["Deny"] };
    await post(POLICIES.replace(/policies$/, "policybindings"), {
      metadata: { name: "costly" },
      spec: binding,
    });
    const body = { metadata: { name: "big" }, data };
    const answer = await post("/api/v1/namespaces/default/configmaps", body);
    expect([answer.status, answer.json.message]).toEqual([422, expect.stringContaining("cost")]);
    expect(answer.tookMs).toBeLessThan(SOON_MS);
    // Others are not held up by it.
    expect((await rawRequest(server, "/readyz")).text).toBe("ok");
  });
});
