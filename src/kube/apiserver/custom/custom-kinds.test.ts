import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../base/index.ts";
import { customResourceDefinitions } from "../../api/index.ts";
import { rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const JSON_TYPE = { "content-type": "application/json" };

const spec = {
  type: "object",
  required: ["size"],
  properties: {
    size: { type: "integer", minimum: 1 },
    color: { type: "string", default: "red" },
    replicas: { type: "integer" },
    ports: {
      type: "array",
      items: {
        type: "object",
        required: ["name"],
        properties: { name: { type: "string" }, number: { type: "integer" } },
      },
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
    },
  },
  "x-kubernetes-validations": [{ rule: "self.size >= oldSelf.size", message: "never shrinks" }],
};
const version = (name: string, storage: boolean) => ({
  name,
  served: true,
  storage,
  schema: {
    openAPIV3Schema: {
      type: "object",
      properties: {
        spec,
        status: { type: "object", properties: { replicas: { type: "integer" } } },
      },
    },
  },
  subresources: {
    status: {},
    scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" },
  },
  additionalPrinterColumns: [{ name: "Size", type: "integer", jsonPath: ".spec.size" }],
});
const boxes = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "boxes.example.com" },
  spec: {
    group: "example.com",
    names: { plural: "boxes", singular: "box", kind: "Box", shortNames: ["bx"] },
    scope: "Namespaced",
    versions: [version("v1", true), version("v1beta1", false)],
  },
};
const PATH = "/apis/example.com/v1/namespaces/default/boxes";

describe("a custom resource definition", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  const send = (method: string, path: string, body?: object, headers: Record<string, string> = JSON_TYPE) =>
    rawRequest(server, path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  const box = (name: string, more: object = {}, apiVersion = "example.com/v1") => ({
    apiVersion,
    kind: "Box",
    metadata: { name },
    spec: { size: 3, ...more },
  });
  async function eventually<T>(ask: () => Promise<T>, isDone: (value: T) => boolean): Promise<T> {
    for (let tries = 0; tries < 200; tries++) {
      const value = await ask();
      if (isDone(value)) return value;
      await systemClock.sleep(10);
    }
    throw new Error("it did not come to pass");
  }
  const conditionsOf = async (name: string) => {
    const found = await server.client.get(customResourceDefinitions, undefined, name);
    return Object.fromEntries((found.status?.conditions ?? []).map(({ type, status }) => [type, status]));
  };

  it("is served once its names are accepted, and found by discovery and OpenAPI", async () => {
    const made = await send("POST", DEFINITIONS, boxes);
    expect([made.status, made.json.message]).toEqual([201, undefined]);
    expect(
      await eventually(
        () => conditionsOf("boxes.example.com"),
        ({ Established }) => Established === "True",
      ),
    ).toMatchObject({ NamesAccepted: "True", Established: "True" });
    const { json: resources } = await send("GET", "/apis/example.com/v1");
    expect(resources.resources.map(({ name }: { name: string }) => name)).toEqual([
      "boxes",
      "boxes/scale",
      "boxes/status",
    ]);
    const { json: group } = await send("GET", "/apis/example.com");
    expect(group.preferredVersion.version).toBe("v1");
    const { json: document } = await send("GET", "/openapi/v3/apis/example.com/v1");
    expect(document.components.schemas["com.example.v1.Box"].properties.spec.properties.size.minimum).toBe(1);
  });

  it("is applied on the server with all that a schema may hold, again and again", async () => {
    const schema = {
      type: "object",
      properties: {
        spec: {
          type: "object",
          properties: {
            list: { type: "array", items: { type: "object", properties: { a: { type: "string" } } } },
            map: { type: "object", additionalProperties: { type: "integer" } },
            open: { type: "object", additionalProperties: true },
            either: { anyOf: [{ type: "integer" }, { type: "string" }], "x-kubernetes-int-or-string": true },
            limited: {
              type: "string",
              enum: ["a", "b"],
              default: "a",
              example: { any: [1] },
              not: { maxLength: 0 },
            },
            free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
          },
        },
      },
    };
    const applied = {
      ...boxes,
      metadata: { name: "crates.example.com" },
      spec: {
        ...boxes.spec,
        names: { plural: "crates", kind: "Crate" },
        versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } }],
      },
    };
    const path = `${DEFINITIONS}/crates.example.com?fieldManager=kubectl`;
    const apply = () => send("PATCH", path, applied, { "content-type": "application/apply-patch+yaml" });
    const made = await apply();
    expect([made.status, made.json.message]).toEqual([201, undefined]);
    expect(made.json.spec.versions[0].schema.openAPIV3Schema).toEqual(schema);
    expect(made.json.metadata.managedFields[0].fieldsV1["f:spec"]["f:versions"]).toEqual({});
    const generation = made.json.metadata.generation;
    const again = await apply();
    expect([again.status, again.json.metadata.generation]).toEqual([200, generation]);
    await send("DELETE", `${DEFINITIONS}/crates.example.com`);
  });

  it("says what its objects are: defaults, unknown fields, rules", async () => {
    const made = await send("POST", PATH, box("one", { unknown: 1 }));
    expect([made.status, made.json.spec]).toEqual([201, { size: 3, color: "red" }]);
    expect(made.json.metadata.managedFields[0].fieldsV1).toEqual({
      "f:spec": { ".": {}, "f:color": {}, "f:size": {} },
    });
    const missing = await send("POST", PATH, { ...box("two"), spec: {} });
    expect([missing.status, missing.json.message]).toEqual([
      422,
      expect.stringContaining(
        'spec.size: Required value, <nil>: Invalid value: "null": some validation rules were not',
      ),
    ]);
    const patch = { "content-type": "application/merge-patch+json" };
    const shrunk = await send("PATCH", `${PATH}/one`, { spec: { size: 2 } }, patch);
    expect([shrunk.status, shrunk.json.message]).toEqual([
      422,
      expect.stringContaining('spec: Invalid value: "object": never shrinks'),
    ]);
    const strategic = { "content-type": "application/strategic-merge-patch+json" };
    expect((await send("PATCH", `${PATH}/one`, { spec: { size: 4 } }, strategic)).status).toBe(415);
  });

  it("merges what several apply", async () => {
    const apply = (manager: string, object: object) =>
      send("PATCH", `${PATH}/shared?fieldManager=${manager}`, object, {
        "content-type": "application/apply-patch+yaml",
      });
    expect((await apply("a", box("shared", { ports: [{ name: "x", number: 1 }] }))).status).toBe(201);
    const other = { ...box("shared"), spec: { ports: [{ name: "y", number: 2 }] } };
    const merged = await apply("b", other);
    expect(merged.json.spec.ports).toEqual([
      { name: "x", number: 1 },
      { name: "y", number: 2 },
    ]);
    const conflict = await apply("b", { ...other, spec: { size: 9 } });
    expect([conflict.status, conflict.json.message]).toEqual([
      409,
      'Apply failed with 1 conflict: conflict with "a": .spec.size',
    ]);
  });

  it("shows the objects in each of its versions, in tables, and by status and scale", async () => {
    const { json: beta } = await send("GET", PATH.replace("v1", "v1beta1"));
    expect(beta).toMatchObject({ kind: "BoxList", apiVersion: "example.com/v1beta1" });
    expect(beta.items[0]).toMatchObject({ apiVersion: "example.com/v1beta1", kind: "Box" });
    const older = await send("POST", PATH.replace("v1", "v1beta1"), box("older", {}, "example.com/v1beta1"));
    expect(older.json.apiVersion).toBe("example.com/v1beta1");
    expect((await send("GET", `${PATH}/older`)).json.apiVersion).toBe("example.com/v1");
    const table = await rawRequest(server, `${PATH}/one`, {
      headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" },
    });
    expect(table.json.rows[0].cells).toEqual(["one", 3]);
    const status = await send("PUT", `${PATH}/one/status`, {
      ...(await send("GET", `${PATH}/one`)).json,
      status: { replicas: 2 },
    });
    expect([status.status, status.json.status]).toEqual([200, { replicas: 2 }]);
    const patch = { "content-type": "application/merge-patch+json" };
    const scaled = await send("PATCH", `${PATH}/one/scale`, { spec: { replicas: 5 } }, patch);
    expect(scaled.json).toMatchObject({ kind: "Scale", spec: { replicas: 5 }, status: { replicas: 2 } });
    expect((await send("GET", `${PATH}/one`)).json.metadata.generation).toBe(2);
  });

  it("takes objects of many bytes as those of few", async () => {
    const annotations = Object.fromEntries(
      Array.from({ length: 900 }, (_, n) => [`note-${n}`, "x".repeat(20)]),
    );
    const big = { ...box("big", { unknown: 1 }), metadata: { name: "big", annotations } };
    const made = await send("POST", PATH, big);
    expect([made.status, made.json.spec]).toEqual([201, { size: 3, color: "red" }]);
    expect(made.json.metadata.managedFields).toHaveLength(1);
    const beta = await send("GET", `${PATH.replace("v1", "v1beta1")}/big`);
    expect(beta.json.apiVersion).toBe("example.com/v1beta1");
    const broken = await send("PUT", `${PATH}/big`, { ...made.json, spec: { size: 0 } });
    expect([broken.status, broken.json.details.causes[0].field]).toEqual([422, "spec.size"]);
  });

  it("changes what is there with its schema, and is served by the next server, too", async () => {
    const { json } = await send("GET", `${DEFINITIONS}/boxes.example.com`);
    for (const one of json.spec.versions)
      one.schema.openAPIV3Schema.properties.spec.properties.color.default = "blue";
    json.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.shape = {
      type: "string",
      default: "round",
    };
    expect((await send("PUT", `${DEFINITIONS}/boxes.example.com`, json)).status).toBe(200);
    const read = await eventually(
      () => send("GET", `${PATH}/one`),
      (answer) => answer.json.spec.shape !== undefined,
    );
    expect(read.json.spec).toMatchObject({ color: "red", shape: "round" });
    const { store, certificates } = server;
    const second = await startTestServer({ store, certificates });
    try {
      const found = await rawRequest(second, `${PATH}/one`);
      expect([found.status, found.json.spec.shape]).toEqual([200, "round"]);
    } finally {
      await second.stop();
    }
  });

  it("takes its objects with it", async () => {
    const gone = await send("DELETE", `${DEFINITIONS}/boxes.example.com`);
    expect(gone.json.metadata.finalizers).toEqual(["customresourcecleanup.apiextensions.k8s.io"]);
    await eventually(
      () => send("GET", `${DEFINITIONS}/boxes.example.com`),
      ({ status }) => status === 404,
    );
    expect((await send("GET", PATH)).status).toBe(404);
    expect((await send("GET", "/apis/example.com")).status).toBe(404);
    const { items } = await server.store.range("/registry/example.com/", {});
    expect(items).toEqual([]);
  });
});
