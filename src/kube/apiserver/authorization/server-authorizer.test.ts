import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { clusterRoleBindings } from "../../api/index.ts";
import { rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";
import { readKubeconfigTarget } from "../webhook/kubeconfig-target.ts";
import type { AuthorizationOptions } from "./server-authorizer.ts";
import type { WebhookAuthorizerOptions } from "./webhook-authorizer.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";

describe("modes of authorization", () => {
  let server: TestServer;
  let webhook: Server | undefined;
  afterEach(async () => {
    await server.stop();
    webhook?.close();
    webhook = undefined;
  });

  const start = async (authorization: AuthorizationOptions) => {
    server = await startTestServer({ authorization });
  };
  const as = async (commonName: string, path = MAPS) => {
    const { certPem, keyPem } = await server.certificates.client(commonName, { commonName });
    return rawRequest(server, path, { identity: { cert: certPem, key: keyPem } });
  };

  it("AlwaysAllow lets everybody do everything", async () => {
    await start({ modes: ["AlwaysAllow"] });
    expect((await as("ada")).status).toBe(200);
    expect((await rawRequest(server, MAPS, { identity: "nobody" })).status).toBe(200);
  });

  it("AlwaysDeny refuses everybody but administrators", async () => {
    await start({ modes: ["AlwaysDeny"] });
    const { status, json } = await as("ada");
    expect(status).toBe(403);
    expect(json.message).toMatch(/: Everything is forbidden\.$/);
    expect((await rawRequest(server, MAPS)).status).toBe(200);
  });

  it("asks nobody who is not among them", async () => {
    await start({ modes: ["Node"] });
    await server.client.create(clusterRoleBindings, {
      metadata: { name: "all" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "ada" }],
    });
    expect((await as("ada")).status).toBe(403);
  });

  it("judges what a thread works on by the same modes", async () => {
    await start({ modes: ["AlwaysAllow"] });
    const { certPem, keyPem } = await server.certificates.client("ada", { commonName: "ada" });
    const big = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "big" },
      data: { k: "x".repeat(40_000) },
    };
    const { status } = await rawRequest(server, `${MAPS}/big?fieldManager=ada`, {
      method: "PATCH",
      identity: { cert: certPem, key: keyPem },
      headers: { "content-type": "application/apply-patch+yaml" },
      body: JSON.stringify(big),
    });
    expect(status).toBe(201);
  });

  describe("Webhook", () => {
    // biome-ignore lint/suspicious/noExplicitAny: tests look into it
    const asked: any[] = [];

    async function startWith(
      answer: (spec: { user: string }) => object | undefined,
      more: Partial<WebhookAuthorizerOptions> = {},
    ) {
      asked.length = 0;
      webhook = createServer(async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk);
        const review = JSON.parse(Buffer.concat(chunks).toString());
        asked.push(review);
        const status = answer(review.spec);
        response.writeHead(status ? 200 : 400).end(status && JSON.stringify({ ...review, status }));
      });
      await new Promise<void>((resolve) => webhook!.listen(0, "127.0.0.1", resolve));
      const dir = await mkdtemp(join(tmpdir(), "gantry-webhook-"));
      const file = join(dir, "kubeconfig");
      const { port } = webhook.address() as AddressInfo;
      await writeFile(
        file,
        `clusters: [{name: c, cluster: {server: "http://127.0.0.1:${port}/authorize"}}]\ncontexts: [{name: x, context: {cluster: c}}]\ncurrent-context: x\n`,
      );
      const target = await readKubeconfigTarget(file);
      await rm(dir, { recursive: true });
      const options = { target, version: "v1" as const, authorizedTtlMs: 60_000, unauthorizedTtlMs: 0 };
      await start({ modes: ["Webhook", "RBAC"], webhooks: [{ ...options, ...more }] });
    }

    it("is asked by a SubjectAccessReview, and may say why not", async () => {
      await startWith(({ user }) => (user === "ada" ? { allowed: true } : { denied: true, reason: "no" }));
      expect((await as("ada", `${MAPS}?fieldSelector=metadata.name%3Dx`)).status).toBe(200);
      expect(asked).toEqual([
        {
          kind: "SubjectAccessReview",
          apiVersion: "authorization.k8s.io/v1",
          metadata: { creationTimestamp: null },
          spec: {
            resourceAttributes: {
              namespace: "default",
              verb: "list",
              version: "v1",
              resource: "configmaps",
              name: "x",
              fieldSelector: { requirements: [{ key: "metadata.name", operator: "In", values: ["x"] }] },
            },
            user: "ada",
            groups: ["system:authenticated"],
            extra: { "authentication.kubernetes.io/credential-id": [expect.any(String)] },
          },
          status: { allowed: false },
        },
      ]);
      const { status, json } = await as("bob", "/version");
      expect(status).toBe(403);
      expect(json.message).toBe('forbidden: User "bob" cannot get path "/version": no');
    });

    it("is asked again when its answer is too old", async () => {
      await startWith(() => ({ allowed: false }));
      for (const _ of [1, 2]) expect((await as("ada")).status).toBe(403);
      expect(asked).toHaveLength(2);
      await server.stop();
      webhook!.close();
      await startWith(() => ({ allowed: true }), { version: "v1beta1" });
      for (const _ of [1, 2]) expect((await as("ada")).status).toBe(200);
      expect(asked).toMatchObject([
        { apiVersion: "authorization.k8s.io/v1beta1", spec: { group: [expect.any(String)] } },
      ]);
    });

    it("leaves those to the others whom it has no opinion of; where it fails, nobody is told what they may not", async () => {
      await startWith(() => undefined);
      expect((await as("ada", "/version")).status).toBe(200);
      const { status, json } = await as("ada");
      expect(status).toBe(500);
      expect(json.message).toMatch(/the server rejected our request for an unknown reason/);
    });
  });
});
