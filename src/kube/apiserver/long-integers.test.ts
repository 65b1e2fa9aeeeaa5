import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../base/index.ts";
import { type KindDefinition, kinds, type Model, modelOf } from "../api/index.ts";
import { decodeProtobuf } from "../api/protobuf/envelope.ts";
import { type RawRequest, rawRequest } from "./testing/raw-request.ts";
import { collectionPath, nameOfKind, sampleObject } from "./testing/sample-objects.ts";
import { startTestServer, type TestServer } from "./testing/start-test-server.ts";

// Whole numbers beyond 2^53 keep their digits, whichever way they come and go.

const LONG = "9007199254740993";
const LONGEST = "9223372036854775807";
const TYPES = {
  json: "application/json",
  yaml: "application/yaml",
  protobuf: "application/vnd.kubernetes.protobuf",
  merge: "application/merge-patch+json",
  patch: "application/json-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
};

const DEFINITION = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "counts.example.com" },
  spec: {
    group: "example.com",
    names: { plural: "counts", singular: "count", kind: "Count", listKind: "CountList" },
    scope: "Namespaced",
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        additionalPrinterColumns: [{ name: "N", type: "integer", jsonPath: ".spec.n" }],
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                "x-kubernetes-preserve-unknown-fields": true,
                "x-kubernetes-validations": [
                  { rule: `!has(self.n) || self.n != ${LONGEST}`, message: "n is the longest" },
                ],
                properties: {
                  n: { type: "integer", format: "int64", multipleOf: 1 },
                  even: { type: "integer", multipleOf: 2 },
                  set: { type: "array", items: { type: "integer" }, "x-kubernetes-list-type": "set" },
                },
              },
            },
          },
        },
      },
    ],
  },
};

describe("whole numbers beyond 2^53", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
    const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    await send("POST", path, { type: TYPES.json, body: JSON.stringify(DEFINITION) });
    for (let tries = 0; tries < 100 && (await send("GET", COUNTS)).status !== 200; tries++)
      await systemClock.sleep(20);
  });
  afterAll(() => server.stop());

  const COUNTS = "/apis/example.com/v1/namespaces/default/counts";
  const COLLECTION = "/api/v1/namespaces/default/pods";

  function send(
    method: string,
    path: string,
    { type, accept, body }: { type?: string; accept?: string; body?: RawRequest["body"] } = {},
  ) {
    const headers = {
      ...(type ? { "content-type": type } : {}),
      ...(accept ? { accept } : {}),
      ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
    };
    return rawRequest(server, path, { method, headers, ...(body === undefined ? {} : { body }) });
  }

  const count = (name: string, spec: string) =>
    `{"apiVersion":"example.com/v1","kind":"Count","metadata":{"name":"${name}"},"spec":${spec}}`;

  it("are kept as a custom object is created, read, patched and applied", async () => {
    const spec = `{"n":${LONG},"set":[1,${LONG},-${LONG}],"free":{"deep":[${LONG}]}}`;
    const created = await send("POST", COUNTS, { type: TYPES.json, body: count("a", spec) });
    expect(created.status, created.text).toBe(201);
    const path = `${COUNTS}/a`;
    await send("PATCH", path, { type: TYPES.merge, body: '{"metadata":{"labels":{"l":"1"}}}' });
    await send("PATCH", path, {
      type: TYPES.patch,
      body: `[{"op":"test","path":"/spec/n","value":${LONG}},{"op":"add","path":"/spec/p","value":${LONGEST}}]`,
    });
    const applied = `apiVersion: example.com/v1\nkind: Count\nmetadata: {name: a}\nspec: {y: ${LONG}, set: [${LONGEST}]}\n`;
    const answer = await send("PATCH", `${path}?fieldManager=m`, { type: TYPES.apply, body: applied });
    expect(answer.status, answer.text).toBe(200);
    const { text } = await send("GET", path);
    for (const part of [
      `"n":${LONG}`,
      `"deep":[${LONG}]`,
      `"set":[1,${LONG},-${LONG},${LONGEST}]`,
      `"p":${LONGEST}`,
      `"y":${LONG}`,
      `v:${LONG}`,
    ])
      expect(text).toContain(part);
    expect((await send("GET", path, { accept: TYPES.yaml })).text).toContain(`'n': ${LONG}\n`);
    const table = await send("GET", COUNTS, { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" });
    expect(table.text).toContain(`"cells":["a",${LONG}]`);
  });

  it.each([
    [
      "YAML",
      TYPES.yaml,
      `{apiVersion: example.com/v1, kind: Count, metadata: {name: y}, spec: {n: ${LONG}}}`,
    ],
    ["JSON with a key twice", TYPES.json, count("d", `{"n":1,"n":${LONG}}`)],
    ["JSON that a thread works on", TYPES.json, count("t", `{"pad":"${"x".repeat(40_000)}","n":${LONG}}`)],
  ])("are kept in %s", async (_, type, body) => {
    const { text, status } = await send("POST", COUNTS, { type, body });
    expect(status, text).toBe(201);
    expect(text).toContain(`"n":${LONG}`);
  });

  it.each([
    [`{"n":${LONGEST}}`, "n is the longest"],
    [`{"even":${LONG}}`, "spec.even in body should be a multiple of 2"],
    [`{"n":"${LONG}"}`, 'spec.n in body must be of type integer: "string"'],
    [`{"set":[${LONG},${LONG}]}`, `Duplicate value: ${LONG}`],
  ])("are judged exactly: %s", async (spec, problem) => {
    const { text, status } = await send("POST", COUNTS, { type: TYPES.json, body: count("bad", spec) });
    expect(status).toBe(422);
    expect(JSON.parse(text).message).toContain(problem);
  });

  it("are kept in fields of built-in kinds, in every encoding", async () => {
    const body = `{"metadata":{"name":"p"},"spec":{"terminationGracePeriodSeconds":${LONG},"containers":[{"name":"c","image":"i","resources":{"requests":{"memory":${LONGEST}}}}]}}`;
    const created = await send("POST", COLLECTION, { type: TYPES.json, body });
    expect(created.status, created.text).toBe(201);
    await send("PATCH", `${COLLECTION}/p`, {
      type: TYPES.strategic,
      body: '{"metadata":{"labels":{"l":"1"}}}',
    });
    const { text } = await send("GET", `${COLLECTION}/p`);
    expect(text).toContain(`"terminationGracePeriodSeconds":${LONG}`);
    expect(text).toContain(`"memory":"${LONGEST}"`);
    const { bytes } = await send("GET", `${COLLECTION}/p`, { accept: TYPES.protobuf });
    expect(JSON.stringify(decodeProtobuf(bytes))).toContain(`"terminationGracePeriodSeconds":${LONG}`);
    const again = await send("PUT", `${COLLECTION}/p`, { type: TYPES.protobuf, body: bytes });
    expect(again.status, again.text).toBe(200);
    expect(again.text).toContain(`"terminationGracePeriodSeconds":${LONG}`);
    expect((await send("DELETE", `${COLLECTION}/p`)).status).toBe(200);
  });

  it("are refused where a field has 32 bits, as Go says it", async () => {
    const body = `{"metadata":{"name":"d"},"spec":{"replicas":${LONG}}}`;
    const { text } = await send("POST", "/apis/apps/v1/namespaces/default/deployments", {
      type: TYPES.json,
      body,
    });
    expect(JSON.parse(text).message).toContain(
      `json: cannot unmarshal number ${LONG} into Go struct field DeploymentSpec.spec.replicas of type int32`,
    );
  });

  /** A sample with one field of 64 bits, at any depth, set. */
  function* withLongField(model: Model, at: readonly string[] = []): Generator<(value: string) => object> {
    if (at.length > 6) return;
    for (const { name, code, definition, isList, isMap } of model.fields.values()) {
      if (isMap) continue;
      const nest = (value: unknown) =>
        at.reduceRight<unknown>(
          (inner, key) => (key.endsWith("*") ? { [key.slice(0, -1)]: [inner] } : { [key]: inner }),
          {
            [name]: isList ? [value] : value,
          },
        ) as object;
      if (code === "l" || code === "n") yield nest;
      if (definition !== "") yield* withLongField(modelOf(definition), [...at, isList ? `${name}*` : name]);
    }
  }

  const withFields = kinds.filter(({ model }) => withLongField(modelOf(model)).next().done === false);

  it.each(withFields.map((kind) => [nameOfKind(kind), kind] as const))(
    "are no internal error in any field of %s",
    { timeout: 60_000 },
    async (_, kind: KindDefinition) => {
      const problems: string[] = [];
      for (const nest of withLongField(modelOf(kind.model))) {
        const body = JSON.stringify({ ...sampleObject(kind), ...nest("<long>") }).replaceAll(
          '"<long>"',
          LONG,
        );
        const { status, text } = await send("POST", `${collectionPath(kind)}?dryRun=All`, {
          type: TYPES.json,
          body,
        });
        if (status === 500) problems.push(`${body}: ${text}`);
      }
      expect(problems).toEqual([]);
    },
  );
});
