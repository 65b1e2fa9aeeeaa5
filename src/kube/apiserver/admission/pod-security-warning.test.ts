import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { namespaces, serviceAccounts } from "../../api/index.ts";
import { rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

const LABEL = "pod-security.kubernetes.io/enforce";
const warning = (name: string) =>
  `299 - "namespace \\"${name}\\" has the label ${LABEL}=restricted, which this server does not enforce: privileged pods are admitted"`;

describe("a namespace that asks for Pod Security", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
    const labels = { [LABEL]: "restricted" };
    await server.client.create(namespaces, { metadata: { name: "guarded", labels } });
    await server.client.create(serviceAccounts, { metadata: { name: "default", namespace: "guarded" } });
  });
  afterAll(() => server.stop());

  const write = async (method: string, path: string, body: object) => {
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    const headers = { "content-type": type };
    const answer = await rawRequest(server, path, { method, headers, body: JSON.stringify(body) });
    return [answer.status, answer.headers.warning];
  };
  const pod = { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } };
  const deployment = {
    metadata: { name: "d" },
    spec: {
      selector: { matchLabels: { a: "b" } },
      template: { metadata: { labels: { a: "b" } }, spec: pod.spec },
    },
  };
  const PODS = "/api/v1/namespaces/guarded/pods";

  it("is told on each write of it and of its pods that nothing enforces it", async () => {
    const told = (name = "guarded") => [warning(name)].join();
    const labels = { [LABEL]: "restricted" };
    expect(await write("POST", "/api/v1/namespaces", { metadata: { name: "new", labels } })).toEqual([
      201,
      told("new"),
    ]);
    expect(await write("PATCH", "/api/v1/namespaces/guarded", { metadata: { labels: { x: "y" } } })).toEqual([
      200,
      told(),
    ]);
    expect(await write("POST", PODS, pod)).toEqual([201, told()]);
    expect(await write("PATCH", `${PODS}/p`, { metadata: { labels: { x: "y" } } })).toEqual([200, told()]);
    expect(await write("POST", "/apis/apps/v1/namespaces/guarded/deployments", deployment)).toEqual([
      201,
      told(),
    ]);
  });

  it("is alone in that", async () => {
    expect(await write("POST", "/api/v1/namespaces/default/pods", pod)).toEqual([201, undefined]);
    const configMap = { metadata: { name: "c" } };
    expect(await write("POST", "/api/v1/namespaces/guarded/configmaps", configMap)).toEqual([201, undefined]);
    expect(await write("PATCH", `${PODS}/p/status`, { status: { reason: "r" } })).toEqual([200, undefined]);
  });
});
