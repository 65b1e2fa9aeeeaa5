import { describe, expect, it } from "vitest";
import { patching } from "../../testing/webhook-server.ts";
import {
  configMap,
  create,
  hook,
  JSON_TYPE,
  lastReview,
  MAPS,
  paths,
  rule,
  send,
  useWebhooks,
  webhooks,
} from "./webhooks.test-support.ts";

useWebhooks();

describe("a dry run", () => {
  it.each(["None", "NoneOnDryRun"])("is shown to a webhook with side effects %s", async (sideEffects) => {
    await webhooks("validating", "v", { at: "one", sideEffects });
    expect((await send("POST", `${MAPS}?dryRun=All`, configMap("dry"))).status).toBe(201);
    expect(lastReview()).toMatchObject({ dryRun: true, options: { dryRun: ["All"] } });
  });
});

describe("a dry run of a delete", () => {
  it("is one to webhooks, too, whose options say so", async () => {
    await create(MAPS, configMap("kept"));
    await webhooks("mutating", "m", { at: "one", objectSelector: {} });
    const options = { dryRun: ["All"], propagationPolicy: "Orphan", gracePeriodSeconds: 3 };
    const body = JSON.stringify({ kind: "DeleteOptions", apiVersion: "v1", ...options });
    const headers = { ...JSON_TYPE, "content-length": String(body.length) };
    const deleted = await send("DELETE", `${MAPS}/kept`, body, headers);
    expect(deleted.status, deleted.text).toBe(200);
    expect(lastReview()).toMatchObject({
      dryRun: true,
      options: { kind: "DeleteOptions", apiVersion: "meta.k8s.io/v1", ...options },
      oldObject: { metadata: { name: "kept" } },
    });
  });
});

describe("subresources", () => {
  const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
  const deployment = {
    metadata: { name: "d" },
    spec: {
      replicas: 1,
      selector: { matchLabels: { a: "b" } },
      template: {
        metadata: { labels: { a: "b" } },
        spec: { containers: [{ name: "c", image: "i" }] },
      },
    },
  };
  const MERGE = { "content-type": "application/merge-patch+json" };

  it("scale is shown, and changed, as a scale", async () => {
    await create(DEPLOYMENTS, deployment);
    await webhooks("mutating", "m", { at: "one", rules: [rule(["deployments/scale"])] });
    await webhooks("validating", "v", { at: "two", rules: [rule(["deployments/scale"])] });
    hook.on("/one", () => patching({ op: "replace", path: "/spec/replicas", value: 7 }));
    const { json } = await send("PATCH", `${DEPLOYMENTS}/d/scale`, { spec: { replicas: 3 } }, MERGE);
    expect(json).toMatchObject({ kind: "Scale", spec: { replicas: 7 } });
    expect(paths()).toEqual(["/one", "/two"]);
    expect(lastReview()).toMatchObject({
      kind: { group: "autoscaling", version: "v1", kind: "Scale" },
      resource: { group: "apps", resource: "deployments" },
      subResource: "scale",
      object: { kind: "Scale", spec: { replicas: 7 } },
      oldObject: { kind: "Scale", spec: { replicas: 1 } },
    });
    expect((await send("GET", `${DEPLOYMENTS}/d`)).json.spec.replicas).toBe(7);
  });

  it("status is shown as the whole object", async () => {
    await create(DEPLOYMENTS, deployment);
    await webhooks("validating", "v", { at: "one", rules: [rule(["deployments/status"])] });
    await send("PATCH", `${DEPLOYMENTS}/d/status`, { status: { replicas: 2 } }, MERGE);
    expect(lastReview()).toMatchObject({
      kind: { kind: "Deployment" },
      subResource: "status",
      object: { spec: { replicas: 1 }, status: { replicas: 2 } },
    });
  });

  it("of which a body is sent are shown as that", async () => {
    const accounts = "/api/v1/namespaces/default/serviceaccounts";
    await webhooks("mutating", "m", { at: "one", rules: [rule(["serviceaccounts/token"])] });
    hook.on("/one", () => patching({ op: "add", path: "/spec/expirationSeconds", value: 1200 }));
    const { json } = await send("POST", `${accounts}/default/token`, { spec: {} });
    expect(lastReview()).toMatchObject({
      kind: { kind: "TokenRequest" },
      subResource: "token",
      name: "default",
    });
    expect(json.spec.expirationSeconds).toBe(1200);
  });
});

describe("questions", () => {
  it("about who may do what are shown, too", async () => {
    await webhooks("mutating", "m", { at: "one", rules: [rule(["selfsubjectaccessreviews"])] });
    hook.on("/one", () => patching({ op: "add", path: "/spec/resourceAttributes/verb", value: "list" }));
    const asked = { spec: { resourceAttributes: { verb: "get", resource: "pods" } } };
    const { json } = await send("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", asked);
    expect(lastReview()).toMatchObject({ kind: { kind: "SelfSubjectAccessReview" }, operation: "CREATE" });
    expect(json).toMatchObject({ spec: { resourceAttributes: { verb: "list" } }, status: { allowed: true } });
  });
});

describe("connections", () => {
  const POD = "/api/v1/namespaces/default/pods/p";
  it.each<[string, string, string, object]>([
    [
      "exec",
      "POST",
      `${POD}/exec?command=ls&command=-l&stdout=true&container=c`,
      { kind: "PodExecOptions", command: ["ls", "-l"], stdout: true, container: "c" },
    ],
    ["attach", "POST", `${POD}/attach?stdin=true`, { kind: "PodAttachOptions", stdin: true }],
    ["portforward", "POST", `${POD}/portforward?ports=80`, { kind: "PodPortForwardOptions", ports: [80] }],
    ["proxy", "GET", `${POD}/proxy/x/y`, { kind: "PodProxyOptions", path: "/x/y" }],
  ])("%s are told as what they are", async (subresource, method, path, object) => {
    await webhooks("validating", "v", {
      at: "one",
      rules: [rule([`pods/${subresource}`], { operations: ["CONNECT"] })],
    });
    hook.on("/one", () => ({ allowed: false, status: { message: "closed" } }));
    const { json } = await send(method, path);
    expect(json.message).toContain("denied the request: closed");
    expect(lastReview()).toMatchObject({
      operation: "CONNECT",
      name: "p",
      namespace: "default",
      resource: { group: "", version: "v1", resource: "pods" },
      subResource: subresource,
      options: null,
      object,
    });
  });
});
