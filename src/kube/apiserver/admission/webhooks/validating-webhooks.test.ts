import { describe, expect, it } from "vitest";
import { patching } from "../../testing/webhook-server.ts";
import {
  configMap,
  create,
  hook,
  label,
  lastReview,
  MAPS,
  rule,
  send,
  useWebhooks,
  webhooks,
} from "./webhooks.test-support.ts";

useWebhooks();

describe("a validating webhook", () => {
  it.each<[string, object, number, object]>([
    [
      "with all it says",
      { code: 418, reason: "Teapot", message: "no coffee" },
      418,
      { reason: "Teapot", message: 'admission webhook "one.example.com" denied the request: no coffee' },
    ],
    [
      "by a reason alone",
      { reason: "Because" },
      400,
      { reason: "Because", message: 'admission webhook "one.example.com" denied the request: Because' },
    ],
    [
      "without a word",
      {},
      400,
      { message: 'admission webhook "one.example.com" denied the request without explanation' },
    ],
    [
      "with a code of success",
      { code: 200, status: "Success", message: "m" },
      400,
      { status: "Failure", message: 'admission webhook "one.example.com" denied the request: m' },
    ],
    [
      "with details",
      { code: 403, message: "m", details: { causes: [{ field: "f", message: "g" }] } },
      403,
      { details: { causes: [{ field: "f", message: "g" }] } },
    ],
  ])("refuses %s", async (_, status, code, answer) => {
    await webhooks("validating", "v", { at: "one" });
    hook.on("/one", () => ({ allowed: false, status }));
    const { status: given, json } = await create(MAPS, configMap("refused"));
    expect(given).toBe(code);
    expect(json).toMatchObject({ kind: "Status", status: "Failure", code, ...answer });
    if (!("reason" in answer) && code === 400) expect(json).not.toHaveProperty("reason");
  });

  it("sees what all others made of the object", async () => {
    await webhooks("mutating", "m", { at: "change" });
    await webhooks("validating", "v", { at: "look" });
    hook.on("/change", () => patching(label("a", "b")));
    await create(MAPS, configMap("seen"));
    expect(lastReview().object.metadata).toMatchObject({ labels: { a: "b" }, uid: expect.any(String) });
  });

  it("warns, whether or not it refuses", async () => {
    await webhooks("validating", "v", { at: "one" });
    hook.on("/one", () => ({ allowed: true, warnings: ["look out", "look out", "twice"] }));
    expect((await create(MAPS, configMap("warned"))).headers.warning).toBe('299 - "look out", 299 - "twice"');
    hook.on("/one", () => ({ allowed: false, warnings: ["stop"] }));
    expect((await create(MAPS, configMap("stopped"))).headers.warning).toBe('299 - "stop"');
  });

  it("sees deletions, one by one, and what goes", async () => {
    await create(MAPS, configMap("del-1"));
    await create(MAPS, configMap("del-2"));
    await webhooks("validating", "v", {
      at: "one",
      rules: [rule(["configmaps"], { operations: ["DELETE"] })],
    });
    await send("DELETE", `${MAPS}?fieldSelector=metadata.name=del-1`);
    expect(lastReview()).toMatchObject({
      name: "del-1",
      operation: "DELETE",
      object: null,
      oldObject: { data: { a: "1" } },
    });
    hook.on("/one", () => ({ allowed: false, status: { message: "stays" } }));
    expect((await send("DELETE", `${MAPS}/del-2`)).json.message).toContain("denied the request: stays");
    expect((await send("GET", `${MAPS}/del-2`)).status).toBe(200);
  });

  it("sees updates with what was there before", async () => {
    await create(MAPS, configMap("upd"));
    await webhooks("validating", "v", { at: "one" });
    await send(
      "PATCH",
      `${MAPS}/upd?fieldManager=m`,
      { data: { a: "2" } },
      { "content-type": "application/merge-patch+json" },
    );
    expect(lastReview()).toMatchObject({
      operation: "UPDATE",
      object: { data: { a: "2" } },
      oldObject: { data: { a: "1" } },
      options: { kind: "UpdateOptions", fieldManager: "m" },
    });
  });

  it("reads reviews of the older version", async () => {
    await webhooks("validating", "v", { at: "one", admissionReviewVersions: ["v9", "v1beta1", "v1"] });
    hook.on("/one", () => ({ uid: "whatever", allowed: false, status: { message: "old" } }));
    expect((await create(MAPS, configMap("older"))).json.message).toContain("denied the request: old");
    expect(hook.calls[0]!.review.apiVersion).toBe("admission.k8s.io/v1beta1");
  });
});
