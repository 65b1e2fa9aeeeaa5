import { connect as tlsConnect } from "node:tls";
import { describe, expect, it } from "vitest";
import { configMap, shellPod, useKube } from "../support/kube.ts";
import { run } from "../support/run.ts";

const kube = useKube();

describe("what is not served", () => {
  it("is said in kubectl's words", async () => {
    const stderr = async (...args: string[]) => (await kube.kubectl(...args)).stderr;
    for (const name of ["widgets", "gateways"])
      expect(await stderr("get", name)).toBe(`error: the server doesn't have a resource type "${name}"\n`);
    for (const name of [
      "poddisruptionbudgets",
      "resourcequotas",
      "networkpolicies",
      "ingresses",
      "statefulsets",
    ])
      expect(await stderr("get", name)).toBe("No resources found in default namespace.\n");
    const ingress = { apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata: { name: "x" } };
    expect((await kube.tryApply(ingress)).stderr).toContain(
      'The Ingress "x" is invalid: spec: Invalid value: []networking.IngressRule(nil): either `defaultBackend` or `rules` must be specified',
    );
    const widget = { apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "x" } };
    expect((await kube.tryApply(widget)).stderr).toBe(
      'error: resource mapping not found for name: "x" namespace: "" from "STDIN": no matches for kind "Widget" in version "example.com/v1"\nensure CRDs are installed first\n',
    );
    for (const path of ["/apis/nothing.example.com/v1/things", "/api/v1/namespaces/default/things"])
      expect((await kube.api(path)).status).toBe(404);
  });
});

describe("who may what", () => {
  it("is asked and impersonated", async () => {
    const as = ["--as=alice", "--as-group=devs"];
    expect((await kube.kubectl("get", "pods", ...as)).stderr).toBe(
      'Error from server (Forbidden): pods is forbidden: User "alice" cannot list resource "pods" in API group "" in the namespace "default"\n',
    );
    expect(await kube.must("auth", "whoami", ...as)).toMatch(
      /Username +alice\nGroups +\[devs system:authenticated\]/,
    );
    await kube.must("create", "clusterrole", "look", "--verb=get,list,watch", "--resource=pods,pods/log");
    await kube.must("create", "rolebinding", "devs", "--clusterrole=look", "--group=devs");
    expect((await kube.kubectl("get", "pods", ...as)).code).toBe(0);
    expect((await kube.kubectl("get", "pods", "-A", ...as)).stderr).toContain("at the cluster scope");
    const may = await kube.must("auth", "can-i", "--list", ...as);
    expect(may).toMatch(/^pods\/log +\[\] +\[\] +\[get list watch\]$/m);
    expect(may).toMatch(/^pods +\[\] +\[\] +\[get list watch\]$/m);
    const cannot = await kube.kubectl("auth", "can-i", "delete", "pods", ...as);
    expect([cannot.code, cannot.stdout]).toEqual([1, "no\n"]);
    // Only who may impersonate can.
    await kube.must("create", "serviceaccount", "robot");
    const token = (await kube.must("create", "token", "robot")).trim();
    const answer = await kube.api("/api/v1/namespaces", { token, headers: { "impersonate-user": "admin" } });
    expect(answer.json.message).toBe(
      'users "admin" is forbidden: User "system:serviceaccount:default:robot" cannot impersonate resource "users" in API group "" at the cluster scope',
    );
    // And nobody gives away what is not theirs.
    await kube.must("create", "role", "binder", "--verb=create", "--resource=roles,rolebindings");
    await kube.must("create", "rolebinding", "binder", "--role=binder", "--serviceaccount=default:robot");
    const grab = await kube.kubectl(
      "create",
      "rolebinding",
      "grab",
      "--clusterrole=cluster-admin",
      "--serviceaccount=default:robot",
      "--as=system:serviceaccount:default:robot",
    );
    expect(grab.stderr).toMatch(/is attempting to grant RBAC permissions not currently held/);
  });

  it("needs a certificate or token that holds", async () => {
    const whoami = { kind: "SelfSubjectReview", apiVersion: "authentication.k8s.io/v1" };
    const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    const review = (token: string) => kube.api(path, { method: "POST", body: whoami, token });
    const token = (await kube.must("create", "token", "default", "--duration=10m")).trim();
    expect((await review(token)).json.status.userInfo.username).toBe("system:serviceaccount:default:default");
    const [header, claims, signature] = token.split(".");
    const forged = Buffer.from(
      Buffer.from(claims!, "base64url").toString().replaceAll("default:default", "kube-system:root"),
    ).toString("base64url");
    for (const bad of [`${header}.${forged}.${signature}`, `${header}.${claims}.`, "garbage", "a.b.c"])
      expect((await review(bad)).status).toBe(401);
    const elsewhere = (await kube.must("create", "token", "default", "--audience=elsewhere")).trim();
    expect((await review(elsewhere)).status).toBe(401);
    const short = await kube.kubectl("create", "token", "default", "--duration=1m");
    expect(short.stderr).toMatch(/may not specify a duration less than 10 minutes/);
    const { server, ca } = kube.access;
    const anonymous = await run("curl", ["-s", "-k", `${server}/api/v1/pods`]);
    expect(JSON.parse(anonymous.stdout)).toMatchObject({
      code: 403,
      message:
        'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" at the cluster scope',
    });
    expect(ca.toString()).toContain("BEGIN CERTIFICATE");
  });
});

describe("bad input", () => {
  const configMaps = "/api/v1/namespaces/default/configmaps";
  const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
    kube.api(configMaps, { method: "POST", body, headers });

  it("is told what is wrong with it", async () => {
    const cases: [body: string, code: number, message: RegExp][] = [
      ["", 400, /./],
      ["garbage", 400, /invalid character|couldn't get version|json parse error/],
      ["[]", 400, /./],
      ['{"kind":"ConfigMap"', 400, /unexpected end|EOF/],
      ['{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x"}}', 400, /Secret/],
      ['{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"Not_A_Name"}}', 422, /RFC 1123/],
      ['{"apiVersion":"v1","kind":"ConfigMap","metadata":{}}', 422, /name or generateName is required/],
      ['{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":1}}', 400, /data/],
      [
        '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","namespace":"other"}}',
        400,
        /namespace/,
      ],
    ];
    for (const [body, code, message] of cases) {
      const answer = await post(body);
      expect(answer.json, body).toMatchObject({ kind: "Status", status: "Failure", code });
      expect(answer.json.message).toMatch(message);
    }
    const nameless = { ...shellPod("x", "true"), spec: { containers: [], volumes: [null] } };
    expect((await kube.api(kube.path("pods"), { method: "POST", body: nameless })).json).toMatchObject({
      code: 422,
      message: expect.stringMatching(/spec\.volumes\[0\]\.name: Required value/),
    });
    expect((await post("{}", { "content-type": "text/html" })).status).toBe(415);
    expect((await kube.api(`${configMaps}?limit=x`)).status).toBe(400);
    expect((await kube.api(`${configMaps}?labelSelector=a%3D%3D%3Db`)).status).toBe(400);
    expect((await kube.api(`${configMaps}?fieldSelector=data.a%3Db`)).json.message).toBe(
      '"data.a" is not a known field selector: only "metadata.name", "metadata.namespace"',
    );
    expect((await kube.api(`${configMaps}?resourceVersion=x`)).status).toBe(400);
    expect((await kube.api(`${configMaps}?continue=x`)).json.message).toMatch(/continue key is not valid/);
    // An encoded slash parts a path as any other, and there is no subresource `b`.
    expect((await kube.api("/api/v1/namespaces/default/pods/a%2Fb")).status).toBe(404);
  });

  it("is refused when it is too large or too deep, at once and without harm to others", async () => {
    const big = (bytes: number) =>
      `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"big"},"data":{"a":"${"x".repeat(bytes)}"}}`;
    const beganMs = performance.now();
    expect((await post(big(3 * 1024 * 1024 + 1))).json).toMatchObject({
      code: 413,
      reason: "RequestEntityTooLarge",
    });
    expect(performance.now() - beganMs).toBeLessThan(2_000);
    expect((await post(big(2 * 1024 * 1024))).json.message).toMatch(
      /Too long: may not be more than 1048576 bytes/,
    );
    await kube.apply(configMap("patched", { a: "1" }));
    const deep = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
    const answer = await post(deep);
    expect(answer.status).toBe(400);
    const patched = await kube.api(`${configMaps}/patched`, {
      method: "PATCH",
      body: `{"data":${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}}`,
      headers: { "content-type": "application/merge-patch+json" },
    });
    expect([400, 422]).toContain(patched.status);
    const amplified = Array.from({ length: 40 }, (_, n) => ({
      op: "copy",
      from: "/data",
      path: `/data/${"x".repeat(n + 1)}`,
    }));
    const copied = await kube.api(`${configMaps}/patched`, {
      method: "PATCH",
      body: JSON.stringify(amplified),
      headers: { "content-type": "application/json-patch+json" },
    });
    expect(copied.status).toBeGreaterThanOrEqual(400);
    expect((await kube.api("/healthz")).text).toBe("ok");
  });

  it("does not hold up others when it comes slowly", async () => {
    const { hostname, port } = new URL(kube.access.server);
    const { cert, key, ca } = kube.access;
    const sockets = Array.from({ length: 50 }, () => {
      const socket = tlsConnect({
        host: hostname,
        port: Number(port),
        ca,
        cert,
        key,
        servername: "kubernetes",
      });
      socket.on("error", () => {});
      socket.on("secureConnect", () =>
        socket.write(`POST ${configMaps} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{`),
      );
      return socket;
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    const beganMs = performance.now();
    expect((await kube.api(configMaps)).status).toBe(200);
    expect(performance.now() - beganMs).toBeLessThan(1_000);
    for (const socket of sockets) socket.destroy();
  });
});
