import { createPublicKey } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../../base/index.ts";
import { generateKey, issueCertificate } from "../../pki/issue-certificate.ts";
import { rawRequest } from "../../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../../testing/start-test-server.ts";
import { patching, startWebhookServer, type WebhookServer } from "../../testing/webhook-server.ts";

const GROUP = "/apis/admissionregistration.k8s.io/v1";
const MAPS = "/api/v1/namespaces/default/configmaps";
const JSON_TYPE = { "content-type": "application/json" };
const configMap = (name: string, more: object = {}) => ({ metadata: { name }, data: { a: "1" }, ...more });
const rule = (resources: string[], more: object = {}) => ({
  apiGroups: ["*"],
  apiVersions: ["*"],
  operations: ["*"],
  resources,
  ...more,
});

let server: TestServer;
let hook: WebhookServer;
const made: string[] = [];
beforeAll(async () => {
  server = await startTestServer({ nodeAccess: () => undefined });
  hook = await startWebhookServer(server);
});
afterEach(async () => {
  for (const path of made.splice(0)) await send("DELETE", path);
  hook.reset();
});
afterAll(async () => {
  await hook.close();
  await server.stop();
});

const send = (
  method: string,
  path: string,
  body?: object | string,
  headers: Record<string, string> = JSON_TYPE,
) =>
  rawRequest(server, path, {
    method,
    headers,
    ...(body ? { body: typeof body === "string" ? body : JSON.stringify(body) } : {}),
  });

type Kind = "mutating" | "validating";

/** Makes a configuration of webhooks named `PATH.example.com`, each at its path. */
async function webhooks(kind: Kind, name: string, ...entries: { at: string; [field: string]: unknown }[]) {
  const path = `${GROUP}/${kind}webhookconfigurations`;
  const answer = await send("POST", path, {
    metadata: { name },
    webhooks: entries.map(({ at, ...more }) => ({
      name: `${at}.example.com`,
      clientConfig: { url: `${hook.url}/${at}`, caBundle: hook.caBundle },
      rules: [rule(["configmaps"])],
      sideEffects: "None",
      admissionReviewVersions: ["v1"],
      ...more,
    })),
  });
  expect(answer.status, answer.text).toBe(201);
  made.push(`${path}/${name}`);
  await known(name, `${kind}webhookconfigurations`);
}

/** Who looks things up sees what was just written a moment later. */
async function known(name: string, resource: string) {
  const { json } = await send("GET", `${GROUP}/${resource}/${name}`);
  for (let tries = 0; tries < 100; tries++) {
    const list = await send("GET", `${GROUP}/${resource}?resourceVersion=${json.metadata.resourceVersion}`);
    if (list.status === 200) return;
    await systemClock.sleep(10);
  }
}

async function create(path: string, object: { metadata: object; [field: string]: unknown }) {
  const answer = await send("POST", path, object);
  if (answer.status === 201) made.push(`${path.replace(/\?.*/, "")}/${answer.json.metadata.name}`);
  return answer;
}
const paths = () => hook.calls.map(({ path }) => path.replace(/\?.*/, ""));
const lastReview = () => hook.calls.at(-1)!.review.request;
const label = (key: string, value: string) => ({
  op: "add",
  path: "/metadata/labels",
  value: { [key]: value },
});

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

describe("a webhook that fails", () => {
  const FAILED = 'Internal error occurred: failed calling webhook "one.example.com":';
  const post = () => `Post "${hook.url}/one?timeout=1s":`;
  type Failure = [name: string, answering: Parameters<WebhookServer["on"]>[1], why: () => string];
  const failures: Failure[] = [
    ["hangs", () => undefined, () => `failed to call webhook: ${post()} context deadline exceeded`],
    [
      "stops in the middle",
      (_, { res }) => void res.writeHead(200, { "content-length": "100" }).write('{"a"'),
      () =>
        "failed to call webhook: unexpected error when reading response body. Please retry. Original error: context deadline exceeded",
    ],
    [
      "drops the line",
      (_, { req }) => void req.socket.destroy(),
      () => `failed to call webhook: ${post()} EOF`,
    ],
    [
      "answers nothing",
      (_, { res }) => void res.end(),
      () => "failed to call webhook: unexpected end of JSON input",
    ],
    [
      "talks nonsense",
      (_, { res }) => void res.end("<html>"),
      () =>
        "failed to call webhook: couldn't get version/kind; json parse error: invalid character '<' looking for beginning of value",
    ],
    [
      "fails itself",
      (_, { res }) => void res.writeHead(500).end("broken"),
      () =>
        'failed to call webhook: an error on the server ("broken") has prevented the request from succeeding',
    ],
    [
      "is not there",
      (_, { res }) => void res.writeHead(404).end(),
      () => "failed to call webhook: the server could not find the requested resource",
    ],
    [
      "points elsewhere",
      (_, { res }) => void res.writeHead(307, { location: `${hook.url}/other` }).end(),
      () =>
        "failed to call webhook: the server responded with the status code 307 but did not return more information",
    ],
    [
      "floods",
      (_, { res }) => {
        res.on("error", () => {});
        const more = () => {
          while (!res.destroyed && res.write(Buffer.alloc(1 << 20, " ")));
          if (!res.destroyed) res.once("drain", more);
        };
        more();
        return undefined;
      },
      () => `failed to call webhook: the webhook's answer has more than ${16 * 1024 * 1024} bytes`,
    ],
    [
      "answers with another uid",
      () => ({ uid: "x", allowed: true }),
      () => `received invalid webhook response: expected response.uid="UID", got "x"`,
    ],
    [
      "answers with another kind",
      (_, { res }) =>
        void res.end(JSON.stringify({ kind: "X", apiVersion: "v1", response: { uid: lastReview().uid } })),
      () =>
        "received invalid webhook response: expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /v1, Kind=X",
    ],
    [
      "answers with another version",
      (_, { res }) =>
        void res.end(
          JSON.stringify({
            kind: "AdmissionReview",
            apiVersion: "admission.k8s.io/v1beta1",
            response: { allowed: true },
          }),
        ),
      () => "received invalid webhook response: webhook response was absent",
    ],
    [
      "has no response",
      (_, { res }) => void res.end('{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}'),
      () => "received invalid webhook response: webhook response was absent",
    ],
    [
      "patches though it may not",
      () => patching({ op: "test", path: "/data/a", value: "1" }),
      () => "received invalid webhook response: validating webhook may not return response.patch",
    ],
    [
      "answers with other types",
      () => ({ allowed: "yes" }),
      () =>
        "received invalid webhook response: json: cannot unmarshal string into Go struct field AdmissionResponse.response.allowed of type bool",
    ],
  ];
  it.each(failures)("%s fails the request, or is passed over", async (_, answering, why) => {
    await webhooks("validating", "v", { at: "one", timeoutSeconds: 1 });
    hook.on("/one", answering);
    const { status, json } = await create(MAPS, configMap("f"));
    const uid = lastReview().uid;
    expect(json.message.replaceAll(uid, "UID")).toBe(`${FAILED} ${why()}`);
    expect(status).toBe(500);
    expect(paths()).toEqual(["/one"]);
    await webhooks("validating", "w", { at: "one", timeoutSeconds: 1, failurePolicy: "Ignore" });
    await send("DELETE", `${GROUP}/validatingwebhookconfigurations/v`);
    expect((await create(MAPS, configMap("f"))).status).toBe(201);
  });

  it("is not reached fails the request", async () => {
    const clientConfig = { url: "https://127.0.0.1:1/one", caBundle: hook.caBundle };
    await webhooks("validating", "v", { at: "one", clientConfig });
    expect((await create(MAPS, configMap("f"))).json.message).toBe(
      `${FAILED} failed to call webhook: Post "https://127.0.0.1:1/one?timeout=10s": dial tcp 127.0.0.1:1: connect: connection refused`,
    );
  });

  it("is of another authority fails the request", async () => {
    const key = generateKey();
    const subject = { commonName: "other" };
    const other = issueCertificate({
      subject,
      publicKey: createPublicKey(key),
      issuer: { subject, privateKey: key },
      usage: "authority",
      notBeforeMs: systemClock.nowMs() - 1000,
      notAfterMs: systemClock.nowMs() + 3600_000,
    });
    const clientConfig = { url: `${hook.url}/one`, caBundle: Buffer.from(other).toString("base64") };
    await webhooks("validating", "v", { at: "one", clientConfig });
    expect((await create(MAPS, configMap("f"))).json.message).toBe(
      `${FAILED} failed to call webhook: Post "${hook.url}/one?timeout=10s": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    );
  });

  it("has a certificate for another name fails the request", async () => {
    const clientConfig = { url: `https://localhost:${hook.port}/one`, caBundle: hook.caBundle };
    await webhooks("validating", "v", { at: "one", clientConfig });
    expect((await create(MAPS, configMap("f"))).json.message).toBe(
      `${FAILED} failed to call webhook: Post "https://localhost:${hook.port}/one?timeout=10s": tls: failed to verify certificate: x509: certificate is valid for 127.0.0.1, hook.default.svc, not localhost`,
    );
  });

  it("patches without saying how", async () => {
    await webhooks("mutating", "m", { at: "one" });
    hook.on("/one", () => ({ allowed: true, patch: Buffer.from("[]").toString("base64") }));
    expect((await create(MAPS, configMap("f"))).json.message).toBe(
      `${FAILED} received invalid webhook response: webhook returned response.patch but not response.patchType`,
    );
    hook.on("/one", () => ({ ...patching({ op: "remove", path: "/data" }), patchType: "Merge" }));
    expect((await create(MAPS, configMap("f"))).json.message).toBe(
      `${FAILED} unsupported patch type "Merge"`,
    );
  });
});

describe("a webhook of a Service", () => {
  const service = (more: object = {}) => ({
    service: { namespace: "default", name: "hook", path: "/one", ...more },
    caBundle: "",
  });
  const clientConfig = (more: object = {}) => ({ ...service(more), caBundle: hook.caBundle });
  const failed = (why: string, port = 443) =>
    `Internal error occurred: failed calling webhook "one.example.com": failed to call webhook: Post "https://hook.default.svc:${port}/one?timeout=10s": ${why}`;

  it("is called at one of its endpoints, by its name", async () => {
    await webhooks("validating", "v", { at: "one", clientConfig: clientConfig() });
    expect((await create(MAPS, configMap("no-service"))).json.message).toBe(
      failed('service "hook" not found'),
    );
    const spec = { ports: [{ port: 443, targetPort: hook.port }] };
    await create("/api/v1/namespaces/default/services", { metadata: { name: "hook" }, spec });
    expect((await create(MAPS, configMap("no-endpoint"))).json.message).toBe(
      failed('no endpoints available for service "hook"'),
    );
    await create("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", {
      metadata: { name: "hook-1", labels: { "kubernetes.io/service-name": "hook" } },
      addressType: "IPv4",
      ports: [{ name: "", port: hook.port }],
      endpoints: [{ addresses: [hook.address] }],
    });
    expect((await create(MAPS, configMap("reached"))).status).toBe(201);
    expect(hook.calls.map(({ path, host }) => [path, host])).toEqual([
      ["/one?timeout=10s", "hook.default.svc:443"],
    ]);
    await webhooks("validating", "w", { at: "one", clientConfig: clientConfig({ port: 8443 }) });
    await send("DELETE", `${GROUP}/validatingwebhookconfigurations/v`);
    expect((await create(MAPS, configMap("no-port"))).json.message).toBe(
      failed('no service port 8443 found for service "hook"', 8443),
    );
  });
});

describe("big objects, which threads work on,", () => {
  const big = (name: string) => configMap(name, { data: { a: "x".repeat(200_000) } });

  it("are seen and changed by webhooks", async () => {
    await webhooks("mutating", "m", { at: "one" });
    await webhooks("validating", "v", { at: "two" });
    hook.on("/one", () => patching(label("a", "b")));
    const { json } = await create(MAPS, big("big"));
    expect(json.metadata.labels).toEqual({ a: "b" });
    expect(paths()).toEqual(["/one", "/two"]);
    expect(lastReview().object.data.a).toHaveLength(200_000);
  });

  it("are judged by policies", async () => {
    const policies = `${GROUP}/validatingadmissionpolicies`;
    await create(policies, {
      metadata: { name: "small" },
      spec: {
        matchConstraints: { resourceRules: [rule(["configmaps"])] },
        validations: [
          {
            expression:
              "!(authorizer.requestResource.check('create').allowed()) || size(object.data.a) < 1000",
            messageExpression: "string(size(object.data.a)) + ' is too much'",
          },
        ],
      },
    });
    await create(`${policies.replace(/ies$/, "ybindings")}`, {
      metadata: { name: "small" },
      spec: { policyName: "small", validationActions: ["Deny"] },
    });
    const { json } = await create(MAPS, big("judged"));
    expect(json.message).toBe(
      `configmaps "judged" is forbidden: ValidatingAdmissionPolicy 'small' with binding 'small' denied request: 200000 is too much`,
    );
  });
});
