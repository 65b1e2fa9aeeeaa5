import { describe, expect, it } from "vitest";
import { patching } from "../../testing/webhook-server.ts";
import {
  configMap,
  create,
  hook,
  label,
  lastReview,
  MAPS,
  paths,
  rule,
  send,
  useWebhooks,
  webhooks,
} from "./webhooks.test-support.ts";

useWebhooks();

describe("a mutating webhook", () => {
  it("changes what is written", async () => {
    await webhooks("mutating", "m", { at: "one" });
    hook.on("/one", () => patching({ op: "add", path: "/data/b", value: "2" }));
    const { json, status } = await create(MAPS, configMap("changed"));
    expect(status).toBe(201);
    expect(json.data).toEqual({ a: "1", b: "2" });
    expect(hook.calls[0]).toMatchObject({
      path: "/one?timeout=10s",
      review: {
        apiVersion: "admission.k8s.io/v1",
        kind: "AdmissionReview",
        request: {
          uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
          kind: { group: "", version: "v1", kind: "ConfigMap" },
          resource: { group: "", version: "v1", resource: "configmaps" },
          requestKind: { group: "", version: "v1", kind: "ConfigMap" },
          requestResource: { group: "", version: "v1", resource: "configmaps" },
          name: "changed",
          namespace: "default",
          operation: "CREATE",
          userInfo: { username: "admin", groups: ["system:masters", "system:authenticated"] },
          object: { kind: "ConfigMap", apiVersion: "v1", data: { a: "1" } },
          oldObject: null,
          dryRun: false,
          options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1" },
        },
      },
    });
  });

  it("sees the name that is still to be found, and may give another one", async () => {
    await webhooks("mutating", "m", { at: "one" });
    const generated = { metadata: { generateName: "gen-" } };
    const { json } = await create(MAPS, generated);
    expect(json.metadata.name).toMatch(/^gen-.{5}$/);
    const { name, object } = lastReview();
    expect({ name, object: object.metadata }).toEqual({
      name: undefined,
      object: expect.objectContaining({ generateName: "gen-", creationTimestamp: null }),
    });
    expect(object.metadata).not.toHaveProperty("name");
    expect(object.metadata).not.toHaveProperty("uid");
    hook.on("/one", () => patching({ op: "add", path: "/metadata/name", value: "given" }));
    expect((await create(MAPS, generated)).json.metadata.name).toBe("given");
  });

  it("may not give what only the server gives", async () => {
    await webhooks("mutating", "m", { at: "one" });
    hook.on("/one", () => patching({ op: "add", path: "/metadata/uid", value: "x" }));
    const { json } = await create(MAPS, configMap("own-uid"));
    expect(json.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    hook.on("/one", () =>
      patching(
        { op: "remove", path: "/metadata/creationTimestamp" },
        { op: "replace", path: "/data/a", value: "3" },
      ),
    );
    const { metadata, ...rest } = json;
    const put = await send("PUT", `${MAPS}/own-uid`, { metadata: { name: metadata.name }, ...rest });
    expect(put.json.metadata).toMatchObject({
      uid: metadata.uid,
      creationTimestamp: metadata.creationTimestamp,
    });
    expect(put.json.data.a).toBe("3");
  });

  it("is asked in the order of the configurations' names", async () => {
    await webhooks("mutating", "b", { at: "second" });
    await webhooks("mutating", "a", { at: "first" }, { at: "also-first" });
    hook.on("/first", () => patching(label("by", "first")));
    hook.on("/second", ({ review }) => {
      const seen = review.request.object.metadata.labels?.by;
      return patching(label("by", `${seen}-second`));
    });
    const { json } = await create(MAPS, configMap("ordered"));
    expect(paths()).toEqual(["/first", "/also-first", "/second"]);
    expect(json.metadata.labels).toEqual({ by: "first-second" });
  });

  it("is asked again where something changed after it, once", async () => {
    await webhooks(
      "mutating",
      "m",
      { at: "again", reinvocationPolicy: "IfNeeded" },
      { at: "never" },
      { at: "last", reinvocationPolicy: "IfNeeded" },
    );
    let count = 0;
    hook.on("/never", () => patching(label("count", `${++count}`)));
    const { json } = await create(MAPS, configMap("reinvoked"));
    expect(paths()).toEqual(["/again", "/never", "/last", "/again"]);
    expect(json.metadata.labels).toEqual({ count: "1" });
  });

  it("is not asked again where nothing changed", async () => {
    await webhooks("mutating", "m", { at: "again", reinvocationPolicy: "IfNeeded" }, { at: "never" });
    hook.on("/never", () => patching({ op: "test", path: "/data/a", value: "1" }));
    await create(MAPS, configMap("unchanged"));
    expect(paths()).toEqual(["/again", "/never"]);
  });

  it("cannot change what is deleted", async () => {
    await create(MAPS, configMap("going"));
    await webhooks("mutating", "m", { at: "one", rules: [rule(["configmaps"], { operations: ["DELETE"] })] });
    hook.on("/one", () => patching(label("a", "b")));
    const { json } = await send("DELETE", `${MAPS}/going`);
    expect(json.message).toBe(
      'Internal error occurred: admission webhook "one.example.com" attempted to modify the object, which is not supported for this operation',
    );
  });

  it.each<[string, object[], string]>([
    [
      "does not apply",
      [{ op: "remove", path: "/data/z" }],
      "remove operation does not apply: doc is missing path",
    ],
    [
      "makes nonsense",
      [{ op: "replace", path: "/data", value: 5 }],
      "json: cannot unmarshal number into Go struct field",
    ],
  ])("whose patch %s fails the request", async (_, operations, message) => {
    await webhooks("mutating", "m", { at: "one", failurePolicy: "Ignore" });
    hook.on("/one", () => patching(...operations));
    const { status, json } = await create(MAPS, configMap("patched"));
    expect(status).toBe(500);
    expect(json.message).toContain("Internal error occurred: ");
    expect(json.message).toContain(message);
  });

  it("leaves what it makes to defaults and validation", async () => {
    await webhooks("mutating", "m", { at: "one", rules: [rule(["services"])] });
    hook.on("/one", () => patching({ op: "add", path: "/spec/ports/-", value: { port: 81, name: "b" } }));
    const service = { metadata: { name: "s" }, spec: { ports: [{ port: 80, name: "a" }] } };
    const { json } = await create("/api/v1/namespaces/default/services", service);
    expect(json.spec.ports[1]).toEqual({ name: "b", protocol: "TCP", port: 81, targetPort: 81 });
    hook.on("/one", () => patching({ op: "add", path: "/spec/ports/0/port", value: 0 }));
    const refused = await create("/api/v1/namespaces/default/services", {
      ...service,
      metadata: { name: "t" },
    });
    expect(refused.json).toMatchObject({ code: 422, reason: "Invalid" });
  });
});
