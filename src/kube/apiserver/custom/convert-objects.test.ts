import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../base/index.ts";
import { rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";
import { type Called, startWebhookServer, type WebhookServer } from "../testing/webhook-server.ts";

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const JSON_TYPE = { "content-type": "application/json" };
const at = (version: string) => `/apis/example.com/${version}/namespaces/default/doors`;
const open = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

let server: TestServer;
let hook: WebhookServer;
beforeAll(async () => {
  server = await startTestServer();
  hook = await startWebhookServer(server);
  const version = (name: string, storage: boolean) => ({
    name,
    served: true,
    storage,
    schema: { openAPIV3Schema: open },
  });
  const { status, text } = await send("POST", DEFINITIONS, {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "doors.example.com" },
    spec: {
      group: "example.com",
      names: { plural: "doors", kind: "Door" },
      scope: "Namespaced",
      versions: [version("v1", true), version("v2", false)],
      conversion: {
        strategy: "Webhook",
        webhook: {
          conversionReviewVersions: ["v1"],
          clientConfig: { url: `${hook.url}/convert`, caBundle: hook.caBundle },
        },
      },
    },
  });
  expect(status, text).toBe(201);
  for (let tries = 0; tries < 100 && (await send("GET", at("v1"))).status !== 200; tries++)
    await systemClock.sleep(20);
});
afterEach(() => hook.reset());
afterAll(async () => {
  await hook.close();
  await server.stop();
});

const send = (method: string, path: string, body?: object) =>
  rawRequest(server, path, { method, headers: JSON_TYPE, ...(body ? { body: JSON.stringify(body) } : {}) });

interface Door {
  apiVersion: string;
  kind: string;
  metadata: Record<string, unknown>;
  [field: string]: unknown;
}

/** `width` of v1 is `size.width` of v2. */
function converted({ width, size, ...rest }: Door, apiVersion: string): Door {
  const given = width ?? (size as { width: number }).width;
  return {
    ...rest,
    apiVersion,
    ...(apiVersion.endsWith("v1") ? { width: given } : { size: { width: given } }),
  };
}
const convert = ({ review }: Called, change: (door: Door) => unknown = (door) => door) => {
  const { objects, desiredAPIVersion } = review.request;
  const convertedObjects = objects.map((door: Door) => change(converted(door, desiredAPIVersion)));
  return { result: { status: "Success" }, convertedObjects };
};
const door = (name: string, version: string, more: object) => ({
  apiVersion: `example.com/${version}`,
  kind: "Door",
  metadata: { name },
  ...more,
});

describe("a conversion webhook", () => {
  it("is asked between the version of a request and that of the store", async () => {
    hook.on("/convert", (called) => convert(called));
    const made = await send("POST", at("v2"), door("a", "v2", { size: { width: 90 } }));
    expect(made.status, made.text).toBe(201);
    expect(made.json).toMatchObject({ apiVersion: "example.com/v2", size: { width: 90 } });
    hook.calls.length = 0;
    expect((await send("GET", `${at("v1")}/a`)).json).toMatchObject({
      apiVersion: "example.com/v1",
      width: 90,
    });
    expect(hook.calls).toEqual([]);
    expect((await send("GET", `${at("v2")}/a`)).json).toMatchObject({ size: { width: 90 } });
    const put = { ...door("a", "v2", { size: { width: 80 } }), metadata: made.json.metadata };
    expect((await send("PUT", `${at("v2")}/a`, put)).json).toMatchObject({ size: { width: 80 } });
    expect((await send("GET", `${at("v1")}/a`)).json).toMatchObject({ width: 80 });
  });

  it("is sent what it reads", async () => {
    hook.on("/convert", (called) => convert(called));
    await send("POST", at("v1"), door("sent", "v1", { width: 70 }));
    await send("GET", `${at("v2")}/sent`);
    expect(hook.calls.at(-1)).toMatchObject({
      path: "/convert?timeout=30s",
      review: {
        apiVersion: "apiextensions.k8s.io/v1",
        kind: "ConversionReview",
        request: {
          uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
          desiredAPIVersion: "example.com/v2",
          objects: [{ apiVersion: "example.com/v1", kind: "Door", metadata: { name: "sent" }, width: 70 }],
        },
      },
    });
  });

  it("is asked about the objects of a list together, and about a watched one each time", async () => {
    hook.on("/convert", (called) => convert(called));
    for (const name of ["l1", "l2", "l3"]) await send("POST", at("v1"), door(name, "v1", { width: 60 }));
    hook.calls.length = 0;
    const { json } = await send("GET", `${at("v2")}?limit=500`);
    expect(json.items.every((one: Door) => one.size !== undefined && one.width === undefined)).toBe(true);
    const counts = hook.calls.map(({ review }) => review.request.objects.length);
    expect(counts.reduce((a, b) => a + b, 0)).toBeGreaterThanOrEqual(3);
    expect(counts.length).toBe(1);
  });

  it("may change labels, and no other metadata", async () => {
    hook.on("/convert", (called) =>
      convert(called, ({ metadata, ...rest }) => ({
        ...rest,
        metadata: { ...metadata, labels: { from: "hook" }, finalizers: ["example.com/x"] },
      })),
    );
    await send("POST", at("v1"), door("meta", "v1", { width: 60 }));
    const { metadata } = (await send("GET", `${at("v2")}/meta`)).json;
    expect(metadata.labels).toEqual({ from: "hook" });
    expect(metadata).not.toHaveProperty("finalizers");
  });

  describe("that answers badly fails the request in upstream's words:", () => {
    const OF = "conversion webhook for example.com/v1, Kind=Door";
    const rows: [string, Parameters<WebhookServer["on"]>[1], string][] = [
      [
        "no result",
        () => ({ convertedObjects: [] }),
        `${OF} failed: response.result.status was '', not 'Success'`,
      ],
      [
        "its own failure",
        () => ({ result: { status: "Failure", message: "no way" } }),
        `${OF} failed: no way`,
      ],
      [
        "too few objects",
        () => ({ result: { status: "Success" }, convertedObjects: [] }),
        `${OF} returned 0 objects, expected 1`,
      ],
      [
        "another uid",
        (called) => ({ ...convert(called), uid: "x" }),
        `${OF} failed: expected response.uid="UID", got "x"`,
      ],
      [
        "the old version",
        (called) => convert(called, (one) => ({ ...one, apiVersion: "example.com/v1" })),
        `${OF} returned invalid object at index 0: invalid groupVersion (expected example.com/v2, received example.com/v1)`,
      ],
      [
        "another name",
        (called) => convert(called, (one) => ({ ...one, metadata: { ...one.metadata, name: "b" } })),
        `${OF} returned invalid object: must have the same name: bad != b`,
      ],
      [
        "no metadata",
        (called) =>
          convert(called, ({ metadata: { name, namespace, uid }, ...one }) => ({
            ...one,
            metadata: { name, namespace, uid, labels: { a: 1 } },
          })),
        `${OF} returned invalid metadata: metadata.labels[a] must be a string, but is int64 in converted object`,
      ],
      [
        "a failure of the server",
        (_, { res }) => void res.writeHead(500).end("oops"),
        `${OF} failed: an error on the server ("oops") has prevented the request from succeeding`,
      ],
      [
        "nonsense",
        (_, { res }) => void res.end("<"),
        `${OF} failed: couldn't get version/kind; json parse error: invalid character '<' looking for beginning of value`,
      ],
    ];
    it.each(rows)("%s", async (_, answering, message) => {
      hook.on("/convert", (called) => convert(called));
      await send("POST", at("v1"), door("bad", "v1", { width: 1 }));
      await send("PUT", `${at("v1")}/bad`, {
        ...door("bad", "v1", { width: Math.random() }),
        metadata: (await send("GET", `${at("v1")}/bad`)).json.metadata,
      });
      hook.reset();
      hook.on("/convert", answering);
      const { status, json } = await send("GET", `${at("v2")}/bad`);
      const uid = hook.calls.at(-1)!.review.request.uid;
      expect(json.message.replaceAll(uid, "UID")).toBe(message);
      expect(status).toBe(500);
      expect(json).not.toHaveProperty("reason");
    });

    it("a write, too", async () => {
      hook.on("/convert", () => ({ result: { status: "Failure", message: "no way" } }));
      const { status, json } = await send("POST", at("v2"), door("unwritten", "v2", { size: { width: 1 } }));
      expect({ status, message: json.message }).toEqual({
        status: 500,
        message: "conversion webhook for example.com/v2, Kind=Door failed: no way",
      });
      expect((await send("GET", `${at("v1")}/unwritten`)).status).toBe(404);
    });
  });
});
