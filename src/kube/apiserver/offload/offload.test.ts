import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  clusterRoleBindings,
  configMaps,
  decodeProtobuf,
  encodeProtobuf,
  type KubeObject,
  pods,
} from "../../api/index.ts";
import { BIG_BYTES } from "../objects/stored-object.ts";
import { type RawRequest, rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

const CORE = "/api/v1/namespaces/default";
const keys = (count: number, prefix = "key-") =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`${prefix}${n}`, ""]));

/** The same requests with little and with much in them: answers differ in that only. */
describe("a request of many bytes is answered as one of few", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());
  const send = (
    method: string,
    path: string,
    body: object | Buffer,
    type = "json",
    more: RawRequest = {},
  ) => {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    const headers = {
      "content-type": `application/${type}`,
      "content-length": String(bytes.length),
      ...more.headers,
    };
    return rawRequest(server, path, { method, body: bytes, ...more, headers });
  };
  const SIZES = [3, 3000];

  it.each(SIZES)("in all that is done with an object of %d keys", async (count) => {
    const name = `life-${count}`;
    const data = keys(count);
    const path = `${CORE}/configmaps`;
    const made = await send("POST", path, { metadata: { name }, data });
    expect([made.status, made.json.kind, made.json.data]).toEqual([201, "ConfigMap", data]);
    const { resourceVersion, uid } = made.json.metadata;
    expect([Number(resourceVersion) > 0, typeof uid]).toEqual([true, "string"]);
    expect((await send("POST", path, { metadata: { name }, data })).json.reason).toBe("AlreadyExists");
    const read = await rawRequest(server, `${path}/${name}`);
    expect(read.json).toEqual(made.json);
    const put = await send("PUT", `${path}/${name}`, { ...made.json, data: { ...data, more: "1" } });
    expect([put.status, put.json.data.more, put.json.metadata.uid]).toEqual([200, "1", uid]);
    expect((await send("PUT", `${path}/${name}`, { ...made.json, data: {} })).status).toBe(409);
    for (const [type, patch] of [
      ["merge-patch+json", { data: { a: "merge" } }],
      ["strategic-merge-patch+json", { data: { a: "strategic" } }],
      ["json-patch+json", [{ op: "replace", path: "/data/a", value: "json" }]],
    ] as const) {
      const patched = await send("PATCH", `${path}/${name}`, patch, type);
      expect([patched.status, Object.keys(patched.json.data).length]).toEqual([200, count + 2]);
    }
    const stored = await server.client.get(configMaps, "default", name);
    expect([stored.data!.a, Object.keys(stored.data!).length]).toEqual(["json", count + 2]);
    const table = await rawRequest(server, `${path}/${name}`, {
      headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" },
    });
    expect(table.json.rows[0].cells.slice(0, 2)).toEqual([name, count + 2]);
    const gone = await send("DELETE", `${path}/${name}`, {});
    expect([gone.status, gone.json.status]).toEqual([200, "Success"]);
    expect((await rawRequest(server, `${path}/${name}`)).status).toBe(404);
  });

  it.each(SIZES)("in YAML and protobuf, of %d keys", async (count) => {
    const object = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: `f-${count}` },
      data: keys(count),
    };
    const path = `${CORE}/configmaps?dryRun=All`;
    const yaml = Buffer.from(
      `metadata: {name: x}\ndata:\n${Object.keys(object.data)
        .map((key) => `  ${key}: ""\n`)
        .join("")}`,
    );
    expect((await send("POST", path, yaml, "yaml")).json.data).toEqual(object.data);
    const type = "vnd.kubernetes.protobuf";
    const accept = { headers: { accept: `application/${type}` } };
    const answer = await send("POST", path, Buffer.from(encodeProtobuf(object)), type, accept);
    expect(answer.headers["content-type"]).toBe(`application/${type}`);
    expect((decodeProtobuf(answer.bytes) as KubeObject).data).toEqual(object.data);
  });

  it.each(SIZES)("in what is refused and warned of, with %d of it", async (count) => {
    const path = `${CORE}/configmaps?dryRun=All`;
    const wrong = await send("POST", path, { metadata: { name: "w" }, data: keys(count, "/") });
    expect([wrong.status, wrong.json.reason, wrong.json.details.causes.length]).toEqual([
      422,
      "Invalid",
      count,
    ]);
    const broken = await send("POST", path, Buffer.from(`${JSON.stringify({ data: keys(count) })}x`));
    expect(broken.status).toBe(400);
    expect(broken.json.message).toMatch(/invalid character 'x' after top-level value/);
    const unknown = await send("POST", path, { metadata: { name: "w" }, ...keys(count) });
    expect([unknown.status, String(unknown.headers.warning).slice(0, 29)]).toEqual([
      201,
      '299 - "unknown field \\"key-0\\',
    ]);
    expect(String(unknown.headers.warning).length).toBeLessThan(8192);
    const strict = await send("POST", `${path}&fieldValidation=Strict`, {
      metadata: { name: "w" },
      ...keys(count),
    });
    expect(strict.json.message.match(/unknown field/g)).toHaveLength(Math.min(count, 100));
    const absent = await send(
      "PATCH",
      `${CORE}/configmaps/absent`,
      { data: keys(count) },
      "merge-patch+json",
    );
    expect([absent.status, absent.json.reason]).toEqual([404, "NotFound"]);
  });

  it.each(SIZES)("in pods, services and roles, with %d labels", async (count) => {
    const labels = keys(count);
    const container = { name: "c", image: "i" };
    const pod = await send("POST", `${CORE}/pods`, {
      metadata: { name: `p-${count}`, labels },
      spec: { containers: [container] },
    });
    expect(pod.status).toBe(201);
    expect(pod.json.spec).toMatchObject({
      serviceAccountName: "default",
      schedulerName: "default-scheduler",
    });
    expect(pod.json.spec.volumes).toHaveLength(1);
    const service = await send("POST", `${CORE}/services`, {
      metadata: { name: `s-${count}`, labels },
      spec: { type: "NodePort", ports: [{ port: 80 }] },
    });
    expect([service.status, service.json.spec.clusterIP, service.json.spec.ports[0].nodePort]).toEqual([
      201,
      expect.stringMatching(/^10\.96\./),
      expect.any(Number),
    ]);
    const bob = await server.certificates.client("bob", { commonName: "bob" });
    await server.client.create(clusterRoleBindings, {
      metadata: { name: `bob-${count}` },
      subjects: [{ kind: "User", name: "bob", apiGroup: "rbac.authorization.k8s.io" }],
      roleRef: { kind: "ClusterRole", name: "admin", apiGroup: "rbac.authorization.k8s.io" },
    });
    const role = (resource: string) =>
      send(
        "POST",
        "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles?dryRun=All",
        {
          metadata: { name: "r", labels },
          rules: [{ apiGroups: [""], resources: [resource], verbs: ["get"] }],
        },
        "json",
        { identity: { cert: bob.certPem, key: bob.keyPem } },
      );
    expect((await role("pods")).status).toBe(201);
    expect((await role("nodes")).json.message).toMatch(
      /attempting to grant RBAC permissions not currently held/,
    );
  });

  it("where nothing is stored of it, and what is left is small", async () => {
    const path = `${CORE}/configmaps`;
    await server.client.create(configMaps, { metadata: { name: "d", namespace: "default" } });
    const options = { kind: "DeleteOptions", apiVersion: "v1", preconditions: { uid: "other" } };
    const padded = Buffer.from(JSON.stringify(options) + " ".repeat(2 * BIG_BYTES));
    expect((await send("DELETE", `${path}/d`, padded)).json.reason).toBe("Conflict");
    const review = { spec: { user: "u", groups: Object.keys(keys(10_000, "group-of-users-")) } };
    const reviews = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    expect((await send("POST", reviews, review)).status).toBe(413);
  });

  it.each([
    ["application/yaml", (text: string) => text.match(/ key-2999:/g)?.length],
    ["application/json;as=Table;v=v1;g=meta.k8s.io", (text: string) => text.match(/"big-\d",3000/g)?.length],
    [
      "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
      (text: string) => text.match(/"name":"big-/g)?.length,
    ],
    ["application/json", (text: string) => text.match(/"key-2999"/g)?.length],
  ])("in lists and watches as %s", async (accept, countIn) => {
    const namespace = "kube-public";
    for (const name of ["big-1", "big-2"]) {
      await server.client
        .create(configMaps, { metadata: { name, namespace }, data: keys(3000) })
        .catch(() => {});
    }
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const list = await rawRequest(server, path, { headers: { accept } });
    expect(countIn(list.text)).toBe(2);
    // There are no watches in YAML.
    if (accept.includes("yaml")) return;
    expect((list.json.items ?? list.json.rows).length).toBeGreaterThanOrEqual(2);
    const watch = await rawRequest(server, `${path}?watch=1&timeoutSeconds=1`, {
      headers: { accept: accept.replace("List", "") },
    });
    expect(countIn(watch.text)).toBe(2);
  });

  it("within the process, where it is parsed in turns and frozen", async () => {
    await server.client.create(pods, {
      metadata: { name: "seen", namespace: "default", labels: { a: "b" }, annotations: keys(4000) },
      spec: { containers: [{ name: "c", image: "i" }] },
    });
    const { items } = await server.client.list(pods, { namespace: "default", labelSelector: "a=b" });
    expect(Object.keys(items[0]!.metadata.annotations!)).toHaveLength(4000);
    expect(Object.isFrozen(items[0]!.metadata.annotations)).toBe(true);
  });
});
