import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configMaps, decodeProtobuf, encodeProtobuf, type KubeObject, pods } from "../../api/index.ts";
import { type RawRequest, rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

const CORE = "/api/v1/namespaces/default";
const APPS = "/apis/apps/v1/namespaces/default";

describe("the API over HTTP", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
    await server.client.create(configMaps, {
      metadata: { name: "one", namespace: "default" },
      data: { a: "1" },
    });
  });
  afterAll(() => server.stop());
  const call = (path: string, options?: RawRequest) => rawRequest(server, path, options);
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    call(path, {
      method: "POST",
      body: typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    });

  describe("forms of answers", () => {
    it("is JSON by default, with the list's items as upstream writes them", async () => {
      const { json, headers, status } = await call(`${CORE}/configmaps`);
      expect([status, headers["content-type"]]).toEqual([200, "application/json"]);
      expect(json).toMatchObject({
        kind: "ConfigMapList",
        apiVersion: "v1",
        metadata: { resourceVersion: expect.any(String) },
      });
      expect(Object.keys(json.items[0])).toEqual(["metadata", "data"]);
    });

    it("is YAML on request", async () => {
      const { text, headers } = await call(`${CORE}/configmaps/one`, {
        headers: { accept: "application/yaml" },
      });
      expect(headers["content-type"]).toBe("application/yaml");
      expect(text).toContain("kind: ConfigMap\n");
    });

    it("is protobuf on request, single and as a list", async () => {
      const accept = { accept: "application/vnd.kubernetes.protobuf" };
      const one = await call(`${CORE}/configmaps/one`, { headers: accept });
      expect(decodeProtobuf(one.bytes)).toMatchObject({
        kind: "ConfigMap",
        metadata: { name: "one" },
        data: { a: "1" },
      });
      const list = await call(`${CORE}/configmaps`, { headers: accept });
      expect(decodeProtobuf(list.bytes)).toMatchObject({
        kind: "ConfigMapList",
        items: [{ metadata: { name: "one" } }],
      });
    });

    it("is a table on request, with what of the objects is asked for", async () => {
      const accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
      const { json } = await call(`${CORE}/configmaps`, { headers: { accept } });
      expect(json).toMatchObject({ kind: "Table", apiVersion: "meta.k8s.io/v1" });
      expect(json.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual([
        "Name",
        "Data",
        "Age",
      ]);
      expect(json.rows[0].cells.slice(0, 2)).toEqual(["one", 1]);
      expect(json.rows[0].object.kind).toBe("PartialObjectMetadata");
      const whole = await call(`${CORE}/configmaps/one?includeObject=Object`, { headers: { accept } });
      expect(whole.json.rows[0].object.data).toEqual({ a: "1" });
    });

    it("is metadata only on request", async () => {
      const accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
      const { json } = await call(`${CORE}/configmaps`, { headers: { accept } });
      expect(json).toMatchObject({ kind: "PartialObjectMetadataList", apiVersion: "meta.k8s.io/v1" });
      expect(json.items[0]).not.toHaveProperty("data");
    });

    it("refuses forms that it has not", async () => {
      const { status, json } = await call(`${CORE}/configmaps`, { headers: { accept: "text/html" } });
      expect([status, json.reason]).toEqual([406, "NotAcceptable"]);
    });

    it("compresses large lists for who takes it", async () => {
      const data = { text: "x".repeat(50_000) };
      for (let n = 0; n < 4; n++) {
        await server.client.create(configMaps, {
          metadata: { name: `big${n}`, namespace: "kube-public" },
          data,
        });
      }
      const path = "/api/v1/namespaces/kube-public/configmaps";
      const squeezed = await call(path, { headers: { "accept-encoding": "gzip" } });
      expect(squeezed.headers["content-encoding"]).toBe("gzip");
      expect(squeezed.json.items).toHaveLength(4);
      expect((await call(path)).headers["content-encoding"]).toBeUndefined();
    });

    it("tells watchers in the form that they want", async () => {
      const path = `${CORE}/configmaps?watch=1&timeoutSeconds=1`;
      const lines = (await call(path)).text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(lines[0]).toMatchObject({
        type: "ADDED",
        object: { kind: "ConfigMap", metadata: { name: "one" } },
      });
      const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
      const tables = (await call(path, { headers: { accept } })).text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(tables[0].object).toMatchObject({
        kind: "Table",
        rows: [{ cells: ["one", 1, expect.any(String)] }],
      });
      const binary = await call(path, {
        headers: { accept: "application/vnd.kubernetes.protobuf;stream=watch" },
      });
      expect(binary.headers["content-type"]).toBe("application/vnd.kubernetes.protobuf;stream=watch");
      const length = binary.bytes.readUInt32BE(0);
      const frame = binary.bytes.subarray(4, 4 + length);
      expect(frame.subarray(0, 7).toString("latin1")).toBe("\n\u0005ADDED");
      expect(decodeProtobuf(frame.subarray(frame.indexOf("k8s\0")))).toMatchObject({
        metadata: { name: "one" },
      });
    });
  });

  describe("bodies", () => {
    it("reads protobuf and YAML", async () => {
      const object = (name: string) => ({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name },
        data: { a: "b" },
      });
      const binary = Buffer.from(encodeProtobuf(object("from-protobuf")));
      const type = { "content-type": "application/vnd.kubernetes.protobuf" };
      expect((await post(`${CORE}/configmaps`, binary, type)).json).toMatchObject({ data: { a: "b" } });
      const yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-yaml}\ndata: {a: b}\n";
      expect((await post(`${CORE}/configmaps`, yaml, { "content-type": "application/yaml" })).status).toBe(
        201,
      );
    });

    it("warns of unknown fields, or refuses them, as the client wishes", async () => {
      const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "odd" }, dta: {} };
      const warned = await post(`${CORE}/configmaps?dryRun=All`, body);
      expect([warned.status, warned.headers.warning]).toEqual([201, '299 - "unknown field \\"dta\\""']);
      const ignored = await post(`${CORE}/configmaps?dryRun=All&fieldValidation=Ignore`, body);
      expect([ignored.status, ignored.headers.warning]).toEqual([201, undefined]);
      const refused = await post(`${CORE}/configmaps?fieldValidation=Strict`, body);
      expect([refused.status, refused.json.message]).toEqual([
        400,
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dta"',
      ]);
    });

    it("says in upstream's words what is wrong with a body", async () => {
      const wrongType = {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "x" },
        spec: { replicas: "three" },
      };
      const typed = await post(`${APPS}/deployments`, wrongType);
      expect([typed.status, typed.json.message]).toEqual([
        400,
        'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
      ]);
      const missing = await post(`${APPS}/deployments`, {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "x" },
      });
      expect([missing.status, missing.json.reason]).toEqual([422, "Invalid"]);
      expect(missing.json.message).toContain("spec.template.spec.containers: Required value");
      for (const [body, type, code] of [
        ["{not json", "application/json", 400],
        ["", "application/json", 400],
        ["[]", "application/json", 400],
        [JSON.stringify({ kind: "Pod", apiVersion: "v1" }), "application/json", 400],
        ["<xml/>", "application/xml", 415],
        [Buffer.from("k8s\0garbage"), "application/vnd.kubernetes.protobuf", 400],
        ["[".repeat(100_000), "application/json", 400],
      ] as const) {
        const answer = await post(`${CORE}/configmaps`, body, { "content-type": type });
        expect([answer.status, answer.json?.kind], `${type} ${String(body).slice(0, 20)}`).toEqual([
          code,
          "Status",
        ]);
      }
    });

    it("refuses bodies beyond three MiB", async () => {
      const huge = JSON.stringify({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "huge" },
        data: { a: "x".repeat(3 * 1024 * 1024) },
      });
      const { status, json } = await post(`${CORE}/configmaps`, huge);
      expect([status, json.reason]).toEqual([413, "RequestEntityTooLarge"]);
    });

    it("refuses broken and unsupported patches", async () => {
      const patch = (body: string, type: string) =>
        call(`${CORE}/configmaps/one`, { method: "PATCH", body, headers: { "content-type": type } });
      expect((await patch("{}", "application/apply-patch+yaml")).status).toBe(422);
      expect((await patch("{}", "application/json")).status).toBe(415);
      expect((await patch("{", "application/merge-patch+json")).status).toBe(400);
      expect(
        (await patch('[{"op":"test","path":"/data/a","value":"2"}]', "application/json-patch+json")).status,
      ).toBe(422);
      expect((await patch('{"metadata":{"name":"two"}}', "application/merge-patch+json")).status).toBe(400);
      const missing = await call(`${CORE}/configmaps/none`, {
        method: "PATCH",
        body: "{}",
        headers: { "content-type": "application/merge-patch+json" },
      });
      expect([missing.status, missing.json.message]).toEqual([404, 'configmaps "none" not found']);
    });
  });

  describe("paths", () => {
    it("answers unknown ones with a Status", async () => {
      for (const path of [
        "/api/v1/nosuch",
        "/apis/apps/v2",
        "/apis/nosuch.io/v1/things",
        `${CORE}/nodes`,
        `${CORE}/pods/a/nosuch`,
        "/apis/policy/v1/evictions",
      ]) {
        const { status, json } = await call(path);
        expect([status, json.message], path).toEqual([
          404,
          "the server could not find the requested resource",
        ]);
      }
    });

    it("answers those that are nowhere below the API as a mux does", async () => {
      for (const path of ["/nosuch", "/apis/nosuch.io", "/apis/nosuch.io/v1", "/metrics/"]) {
        const { status, text } = await call(path, { method: "PUT" });
        expect([status, text], path).toEqual([404, "404 page not found\n"]);
      }
    });

    it("asks no method where there is no route: health, OpenAPI and groups", async () => {
      for (const path of ["/healthz", "/readyz/etcd", "/livez", "/openapi/v2", "/apis", "/apis/apps/"]) {
        for (const method of ["POST", "PUT", "DELETE"]) {
          expect([method, (await call(path, { method })).status], path).toEqual([method, 200]);
        }
      }
      expect((await call("/apis/apps/v1", { method: "PUT" })).status).toBe(405);
      expect((await call("/apis/apps/v2", { method: "PUT" })).status).toBe(404);
    });

    it("refuses verbs that a resource has not", async () => {
      const { status, json } = await call("/api/v1/namespaces", { method: "DELETE" });
      expect([status, json.reason]).toEqual([405, "MethodNotAllowed"]);
    });

    it("refuses selectors that cannot be read, and fields that cannot be selected", async () => {
      const bad = await call(`${CORE}/pods?labelSelector=a%20b%20c`);
      expect([bad.status, bad.json.reason]).toEqual([400, "BadRequest"]);
      const field = await call(`${CORE}/pods?fieldSelector=spec.foo=1`);
      expect(field.json.message).toBe("field label not supported: spec.foo");
    });

    it("waits for a version that is to come, but not for ever", async () => {
      const { status, json } = await call(
        `${CORE}/configmaps?resourceVersion=999999&resourceVersionMatch=NotOlderThan`,
      );
      expect([status, json.details.causes[0].reason]).toEqual([504, "ResourceVersionTooLarge"]);
    }, 10_000);

    it("lists as of a version exactly", async () => {
      const before = await server.client.list(configMaps, { namespace: "kube-node-lease" });
      await server.client.create(configMaps, { metadata: { name: "late", namespace: "kube-node-lease" } });
      const version = before.metadata.resourceVersion;
      const { json } = await call(
        `/api/v1/namespaces/kube-node-lease/configmaps?resourceVersion=${version}&resourceVersionMatch=Exact`,
      );
      expect([json.items, json.metadata.resourceVersion]).toEqual([[], version]);
    });
  });

  describe("who may", () => {
    it("lets anybody see health and version only", async () => {
      for (const path of ["/version", "/healthz", "/livez", "/readyz"]) {
        expect((await call(path, { identity: "nobody" })).status, path).toBe(200);
      }
      const { status, json } = await call(`${CORE}/pods`, { identity: "nobody" });
      expect([status, json.message]).toEqual([
        403,
        'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default"',
      ]);
      expect((await call("/metrics", { identity: "nobody" })).status).toBe(403);
      expect((await call("/apis", { identity: "nobody" })).status).toBe(403);
    });

    it("refuses proofs that do not hold", async () => {
      const other = await (await import("../certificates.ts")).openCertificates({
        pkiDir: `${(await import("node:os")).tmpdir()}/gantry-other-pki-${process.pid}`,
        serviceAddress: "10.96.0.1",
      });
      const { certPem, keyPem } = await other.client("admin", {
        commonName: "admin",
        organizations: ["system:masters"],
      });
      expect((await call("/version", { identity: { cert: certPem, key: keyPem } })).status).toBe(401);
      expect((await call("/version", { identity: { token: "not.a.token" } })).status).toBe(401);
      await (await import("node:fs/promises")).rm(
        `${(await import("node:os")).tmpdir()}/gantry-other-pki-${process.pid}`,
        { recursive: true },
      );
    });

    it("knows service accounts by their tokens, while what they are bound to is there", async () => {
      const pod = await server.client.create(pods, {
        metadata: { name: "bound", namespace: "default" },
        spec: { nodeName: "n1", containers: [{ name: "c", image: "i" }] },
      });
      const request = {
        spec: { boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "bound", uid: pod.metadata.uid } },
      };
      const {
        status: { token },
      } = (await post(`${CORE}/serviceaccounts/default/token`, request)).json;
      const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
      const who = await call("/apis/authentication.k8s.io/v1/selfsubjectreviews", {
        method: "POST",
        body: JSON.stringify(review),
        headers: { "content-type": "application/json" },
        identity: { token },
      });
      expect(who.json.status.userInfo).toMatchObject({
        username: "system:serviceaccount:default:default",
        groups: ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"],
        extra: { "authentication.kubernetes.io/pod-name": ["bound"] },
      });
      expect((await call(`${CORE}/pods`, { identity: { token } })).status).toBe(403);
      await server.client.delete(pods, "default", "bound", { gracePeriodSeconds: 0 });
      expect((await call(`${CORE}/pods`, { identity: { token } })).status).toBe(401);
    });

    it("lets who may impersonate act as another", async () => {
      const { status, json } = await call(`${CORE}/pods`, {
        headers: { "impersonate-user": "bob", "impersonate-group": "devs" },
      });
      expect([status, json.reason]).toEqual([403, "Forbidden"]);
      const bob = await server.certificates.client("bob", { commonName: "bob" });
      const denied = await call(`${CORE}/pods`, {
        identity: { cert: bob.certPem, key: bob.keyPem },
        headers: { "impersonate-user": "admin", "impersonate-group": "system:masters" },
      });
      expect(denied.json.message).toContain('User "bob" cannot impersonate resource "users"');
    });

    it.each([
      ["/version", { "impersonate-group": "g" }, "{Group  g    }"],
      ["/version?a=1&b", { "impersonate-uid": "1" }, "{UID  1  authentication.k8s.io/v1  }"],
      ["/api", { "impersonate-extra-a": "b" }, "{UserExtra  b  authentication.k8s.io/v1  a}"],
      [`${CORE}/configmaps`, { "impersonate-user": "", "impersonate-group": "g" }, "{Group  g    }"],
    ])("refuses to act as nobody in particular: %s with %j", async (path, headers, listed) => {
      const refused = await call(path, { headers: headers as Record<string, string> });
      expect([refused.status, refused.headers["content-type"]]).toEqual([500, "text/plain; charset=utf-8"]);
      const shown = path.replace("&", "&amp;");
      expect(refused.text).toBe(
        `Internal Server Error: "${shown}": requested [${listed}] without impersonating a user\n`,
      );
    });

    it("lets who impersonates nobody known see what nobody may", async () => {
      expect((await call("/version", { headers: { "impersonate-user": "system:anonymous" } })).status).toBe(
        200,
      );
    });

    it("grants what roles and bindings say", async () => {
      const rbac = "/apis/rbac.authorization.k8s.io/v1";
      const subject = { kind: "User", name: "carol", apiGroup: "rbac.authorization.k8s.io" };
      await post(`${rbac}/namespaces/default/rolebindings`, {
        metadata: { name: "carol" },
        roleRef: { kind: "ClusterRole", name: "view", apiGroup: "rbac.authorization.k8s.io" },
        subjects: [subject],
      });
      const as = { headers: { "impersonate-user": "carol" } };
      expect((await call(`${CORE}/pods`, as)).status).toBe(200);
      expect((await call(`${CORE}/secrets`, as)).status).toBe(403);
      expect((await call("/api/v1/namespaces/kube-system/pods", as)).status).toBe(403);
    });
  });

  it("tells what it serves as the reference does", async () => {
    const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    const { json, headers } = await call("/apis", { headers: { accept } });
    expect(headers["content-type"]).toBe(
      "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
    );
    const apps = json.items.find((item: KubeObject) => item.metadata.name === "apps");
    const deployment = apps.versions[0].resources.find(
      ({ resource }: { resource: string }) => resource === "deployments",
    );
    expect(deployment).toMatchObject({
      scope: "Namespaced",
      singularResource: "deployment",
      shortNames: ["deploy"],
      categories: ["all"],
    });
    expect(deployment.subresources.map(({ subresource }: { subresource: string }) => subresource)).toEqual([
      "scale",
      "status",
    ]);
    const again = await call("/apis", { headers: { accept, "if-none-match": String(headers.etag) } });
    expect(again.status).toBe(304);
    expect((await call("/apis/apps/v1")).json).toMatchObject({
      kind: "APIResourceList",
      groupVersion: "apps/v1",
    });
  });

  it("describes what it serves", async () => {
    const index = (await call("/openapi/v3")).json.paths["apis/apps/v1"].serverRelativeURL;
    const { json, headers } = await call(index);
    expect(headers["cache-control"]).toBe("public, immutable");
    const schema = json.components.schemas["io.k8s.api.apps.v1.Deployment"];
    expect(schema["x-kubernetes-group-version-kind"]).toEqual([
      { group: "apps", kind: "Deployment", version: "v1" },
    ]);
    const patch = json.paths[`${APPS.replace("default", "{namespace}")}/deployments/{name}`].patch;
    expect(patch.parameters.map(({ name }: { name: string }) => name)).toContain("fieldValidation");
    for (const reference of JSON.stringify(json).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      expect(json.components.schemas).toHaveProperty([reference[1]!]);
    }
    expect((await call("/openapi/v2")).json.definitions).toHaveProperty(["io.k8s.api.core.v1.Pod"]);
  });

  it("counts requests", async () => {
    const { text } = await call("/metrics");
    expect(text).toMatch(
      /apiserver_request_total\{code="200",verb="LIST",group="",resource="configmaps",subresource=""\} \d+/,
    );
    expect(text).toMatch(/gantry_event_loop_delay_seconds\{quantile="0.99"\} [\d.e-]+/);
  });

  it("gives its public key to who checks tokens elsewhere", async () => {
    const { json } = await call("/openid/v1/jwks");
    expect(json.keys[0]).toMatchObject({
      kty: "EC",
      crv: "P-256",
      alg: "ES256",
      kid: server.certificates.tokenSigningKey.keyId,
    });
  });

  it("serves events in both of their views", async () => {
    const body = {
      metadata: { name: "e1" },
      eventTime: "2026-01-02T03:04:05.000000Z",
      reportingController: "example.com/c",
      reportingInstance: "c-1",
      action: "Testing",
      reason: "Tested",
      regarding: { kind: "ConfigMap", namespace: "default", name: "one" },
      note: "it works",
      type: "Normal",
    };
    expect((await post("/apis/events.k8s.io/v1/namespaces/default/events", body)).status).toBe(201);
    expect((await call(`${CORE}/events/e1`)).json).toMatchObject({
      message: "it works",
      involvedObject: { name: "one" },
    });
    const list = await call(
      "/apis/events.k8s.io/v1/namespaces/default/events?fieldSelector=regarding.name=one",
    );
    expect(list.json.items).toMatchObject([{ note: "it works", regarding: { name: "one" } }]);
  });
});
