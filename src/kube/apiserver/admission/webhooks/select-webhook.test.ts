import { describe, expect, it } from "vitest";
import { systemClock } from "../../../../base/index.ts";
import { patching } from "../../testing/webhook-server.ts";
import {
  configMap,
  create,
  hook,
  lastReview,
  MAPS,
  paths,
  rule,
  send,
  useWebhooks,
  webhooks,
} from "./webhooks.test-support.ts";

useWebhooks();

describe("a webhook is asked only about", () => {
  const asked = async (entry: object, act: () => Promise<unknown>) => {
    await webhooks("validating", "v", { at: "one", ...entry });
    await act();
    return hook.calls.length > 0;
  };
  const labelled = (labels: Record<string, string>) => ({ metadata: { name: "l", labels } });

  it.each<[string, object, boolean]>([
    ["its group", { rules: [rule(["configmaps"], { apiGroups: ["apps"] })] }, false],
    ["its version", { rules: [rule(["configmaps"], { apiVersions: ["v2"] })] }, false],
    ["its operations", { rules: [rule(["configmaps"], { operations: ["UPDATE", "DELETE"] })] }, false],
    ["its resources", { rules: [rule(["secrets"])] }, false],
    ["not subresources alone", { rules: [rule(["configmaps/status", "*/scale"])] }, false],
    ["all resources", { rules: [rule(["*"])] }, true],
    ["all and their subresources", { rules: [rule(["*/*"])] }, true],
    ["its scope", { rules: [rule(["*"], { scope: "Cluster" })] }, false],
    ["what lies in namespaces", { rules: [rule(["*"], { scope: "Namespaced" })] }, true],
    ["its objects", { objectSelector: { matchLabels: { a: "c" } } }, false],
    ["objects it selects", { objectSelector: { matchLabels: { a: "b" } } }, true],
    ["its namespaces", { namespaceSelector: { matchLabels: { x: "y" } } }, false],
    [
      "namespaces it selects",
      { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "default" } } },
      true,
    ],
    [
      "what its conditions say",
      { matchConditions: [{ name: "c", expression: "object.metadata.name == 'other'" }] },
      false,
    ],
    [
      "what all conditions hold for",
      {
        matchConditions: [
          { name: "c", expression: "request.userInfo.username == 'admin'" },
          { name: "d", expression: "authorizer.requestResource.check('get').allowed()" },
        ],
      },
      true,
    ],
    [
      "nothing where a condition fails and failures are ignored",
      { failurePolicy: "Ignore", matchConditions: [{ name: "c", expression: "object.none == 1" }] },
      false,
    ],
  ])("%s", async (_, entry, isAsked) => {
    expect(await asked(entry, () => create(MAPS, labelled({ a: "b" })))).toBe(isAsked);
  });

  it("nothing, and refuses, where a condition fails", async () => {
    await webhooks("validating", "v", {
      at: "one",
      matchConditions: [{ name: "c", expression: "object.none == 1" }],
    });
    const { json } = await create(MAPS, configMap("failing"));
    expect(json).toMatchObject({
      code: 403,
      message: `configmaps "failing" is forbidden: expression 'object.none == 1' resulted in error: no such key: none`,
    });
    expect(hook.calls).toEqual([]);
  });

  it("objects that it selected before an update", async () => {
    await create(MAPS, { metadata: { name: "was", labels: { a: "b" } } });
    const selects = { objectSelector: { matchLabels: { a: "b" } } };
    expect(await asked(selects, () => send("PUT", `${MAPS}/was`, { metadata: { name: "was" } }))).toBe(true);
  });

  it("namespaces by their own labels", async () => {
    const selects = { rules: [rule(["namespaces"])], namespaceSelector: { matchLabels: { x: "y" } } };
    const namespaces = "/api/v1/namespaces";
    await webhooks("validating", "v", { at: "one", ...selects });
    await send("POST", namespaces, { metadata: { name: "plain" } });
    expect(paths()).toEqual([]);
    await send("POST", namespaces, { metadata: { name: "marked", labels: { x: "y" } } });
    expect(paths()).toEqual(["/one"]);
    expect(lastReview()).toMatchObject({ name: "marked", namespace: "marked" });
  });

  it("what lies in no namespace, whichever it selects", async () => {
    const selects = { rules: [rule(["priorityclasses"])], namespaceSelector: { matchLabels: { x: "y" } } };
    const classes = "/apis/scheduling.k8s.io/v1/priorityclasses";
    expect(await asked(selects, () => create(classes, { metadata: { name: "p" }, value: 1 }))).toBe(true);
  });

  it("no configuration of webhooks or policies", async () => {
    await webhooks("validating", "v", { at: "one", rules: [rule(["*"])] });
    await webhooks("mutating", "m", { at: "two", rules: [rule(["*"])] });
    hook.reset();
    await webhooks("validating", "other", { at: "three", rules: [rule(["nothing"])] });
    expect(hook.calls).toEqual([]);
  });
});

describe("equivalents", () => {
  const HPA = "horizontalpodautoscalers";
  const scaler = {
    metadata: { name: "h" },
    spec: {
      maxReplicas: 3,
      targetCPUUtilizationPercentage: 50,
      scaleTargetRef: { kind: "Deployment", name: "d" },
    },
  };
  const v1 = `/apis/autoscaling/v1/namespaces/default/${HPA}`;
  const ofV2 = [rule([HPA], { apiGroups: ["autoscaling"], apiVersions: ["v2"] })];

  it("of an autoscaler are seen and changed in the version of the rule", async () => {
    await webhooks("mutating", "m", { at: "one", rules: ofV2 });
    hook.on("/one", () =>
      patching({ op: "replace", path: "/spec/metrics/0/resource/target/averageUtilization", value: 60 }),
    );
    const { json } = await create(v1, scaler);
    expect(json).toMatchObject({
      apiVersion: "autoscaling/v1",
      spec: { targetCPUUtilizationPercentage: 60 },
    });
    expect(lastReview()).toMatchObject({
      kind: { version: "v2", kind: "HorizontalPodAutoscaler" },
      resource: { version: "v2", resource: HPA },
      requestKind: { version: "v1" },
      requestResource: { version: "v1" },
      object: { apiVersion: "autoscaling/v2" },
    });
  });

  it("are passed over by exact rules", async () => {
    await webhooks("validating", "v", { at: "one", rules: ofV2, matchPolicy: "Exact" });
    await create(v1, scaler);
    expect(hook.calls).toEqual([]);
  });

  it("of events lie in another group", async () => {
    const rules = [rule(["events"], { apiGroups: ["events.k8s.io"] })];
    await webhooks("validating", "v", { at: "one", rules });
    const event = {
      metadata: { name: "e" },
      involvedObject: { namespace: "default" },
      reason: "r",
      message: "m",
    };
    await create("/api/v1/namespaces/default/events", event);
    expect(lastReview()).toMatchObject({
      kind: { group: "events.k8s.io", version: "v1", kind: "Event" },
      object: { apiVersion: "events.k8s.io/v1", note: "m" },
    });
  });

  it("of custom objects are their definition's other versions", async () => {
    const version = (name: string, storage: boolean) => ({
      name,
      served: true,
      storage,
      schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
    });
    const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    await create(definitions, {
      metadata: { name: "crates.example.com" },
      spec: {
        group: "example.com",
        names: { plural: "crates", kind: "Crate" },
        scope: "Namespaced",
        versions: [version("v1", true), version("v2", false)],
      },
    });
    const crates = "/apis/example.com/v1/namespaces/default/crates";
    for (let tries = 0; (await send("GET", crates)).status !== 200 && tries < 100; tries++)
      await systemClock.sleep(20);
    await webhooks("mutating", "m", { at: "one", rules: [rule(["crates"], { apiVersions: ["v2"] })] });
    hook.on("/one", () => patching({ op: "add", path: "/size", value: 7 }));
    const crate = { apiVersion: "example.com/v1", kind: "Crate", metadata: { name: "c" } };
    const { json } = await create(crates, crate);
    expect(json).toMatchObject({ apiVersion: "example.com/v1", size: 7 });
    expect(lastReview()).toMatchObject({ kind: { version: "v2" }, object: { apiVersion: "example.com/v2" } });
  });
});
