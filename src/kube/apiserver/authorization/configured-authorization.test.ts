import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type Clock, systemClock } from "../../../base/index.ts";
import { rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";
import { configuredAuthorization } from "./configured-authorization.ts";

const HEAD = "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\n";
const MAPS = "/api/v1/namespaces/default/configmaps";

describe("an AuthorizationConfiguration", () => {
  let dir: string;
  let kubeconfig: string;
  let webhook: Server;
  let answer: (user: string) => object | undefined;
  const asked: string[] = [];
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "gantry-authorization-"));
    kubeconfig = join(dir, "kubeconfig");
    webhook = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const review = JSON.parse(Buffer.concat(chunks).toString());
      asked.push(review.spec.user);
      const status = answer(review.spec.user);
      response.writeHead(status ? 200 : 400).end(status && JSON.stringify({ ...review, status }));
    });
    await new Promise<void>((resolve) => webhook.listen(0, "127.0.0.1", resolve));
    const { port } = webhook.address() as AddressInfo;
    await writeFile(kubeconfig, `clusters: [{name: c, cluster: {server: "http://127.0.0.1:${port}/"}}]\n`);
  });
  afterAll(async () => {
    webhook.close();
    await rm(dir, { recursive: true });
  });

  const webhookOf = (name: string, more: object = {}) => ({
    type: "Webhook",
    name,
    webhook: {
      timeout: "3s",
      subjectAccessReviewVersion: "v1",
      matchConditionSubjectAccessReviewVersion: "v1",
      failurePolicy: "Deny",
      connectionInfo: { type: "KubeConfigFile", kubeConfigFile: kubeconfig },
      ...more,
    },
  });
  const text = (...authorizers: object[]) => `${HEAD}authorizers: ${JSON.stringify(authorizers)}\n`;
  const RBAC = { type: "RBAC", name: "rbac" };
  const problem = (config: string, more: Parameters<typeof configuredAuthorization>[1] = {}) =>
    configuredAuthorization(config, more).then(
      () => "",
      (error) => error.message,
    );

  it.each<[object[], string]>([
    [[], "authorizers: Required value: at least one authorization mode must be defined"],
    [[{}], "authorizers[0].type: Required value"],
    [
      [{ type: "X" }],
      'authorizers[0].type: Unsupported value: "X": supported values: "ABAC", "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook"',
    ],
    [[RBAC, RBAC], 'authorizers[1].type: Duplicate value: "RBAC"'],
    [[{ type: "RBAC" }], "authorizers[0].name: Required value"],
    [[{ type: "RBAC", name: "mine" }], "expected name rbac for authorizer RBAC instead of mine"],
    [
      [{ ...RBAC, webhook: {} }],
      'authorizers[0].webhook: Invalid value: "non-null": may only be specified when type=Webhook',
    ],
    [[{ type: "Webhook", name: "w" }], "authorizers[0].webhook: Required value: required when type=Webhook"],
    [
      [{ type: "Webhook", name: "w", webhook: { timeout: "31s", matchConditions: [{ expression: "1" }] } }],
      `[authorizers[0].timeout: Invalid value: "31s": must be > 0s and <= 30s, authorizers[0].subjectAccessReviewVersion: Required value, authorizers[0].matchConditionSubjectAccessReviewVersion: Required value: required if match conditions are specified, authorizers[0].failurePolicy: Required value, authorizers[0].connectionInfo.type: Required value, authorizers[0].matchConditions[0].expression: Invalid value: "1": must evaluate to bool but got int]`,
    ],
    [[{ type: "ABAC", name: "abac" }], "authorizer type ABAC needs --authorization-policy-file"],
  ])("%j is refused", async (authorizers, message) => {
    expect(await problem(text(...authorizers))).toBe(message);
  });

  it.each<[object, string]>([
    [{ kubeConfigFile: "x" }, 'connectionInfo.kubeConfigFile: Invalid value: "x": must be an absolute path'],
    [{ kubeConfigFile: "/" }, 'connectionInfo.kubeConfigFile: Invalid value: "/": must be a regular file'],
    [{ kubeConfigFile: "/no/such" }, "error loading file: stat /no/such: no such file or directory"],
    [{}, "connectionInfo.kubeConfigFile: Required value"],
  ])("%j is no connection", async (connection, message) => {
    const connectionInfo = { type: "KubeConfigFile", ...connection };
    expect(await problem(text(webhookOf("w", { connectionInfo })))).toContain(message);
  });

  it("keeps its modes when it is read again; webhooks come and go", async () => {
    const before = ["RBAC", "Webhook"] as const;
    expect(await problem(text(RBAC), { before })).toBe("");
    expect(await problem(text(webhookOf("w")), { before })).toBe("missing required types: [RBAC]");
    expect(await problem(text(RBAC, { type: "Node", name: "node" }), { before })).toBe(
      "authorizer type Node is not allowed if it was not enabled at initial server startup",
    );
  });

  describe("of a server", () => {
    let server: TestServer;
    afterEach(() => server.stop());
    const start = async (config: string, more: object = {}, clock?: Clock) => {
      asked.length = 0;
      const authorization = { ...(await configuredAuthorization(config, {})), ...more };
      server = await startTestServer({ authorization, ...(clock ? { clock } : {}) });
    };
    const as = async (commonName: string, path = MAPS) => {
      const { certPem, keyPem } = await server.certificates.client(commonName, { commonName });
      return rawRequest(server, path, { identity: { cert: certPem, key: keyPem } });
    };

    it("asks webhooks of requests that their conditions are about", async () => {
      answer = (user) => ({ allowed: user === "ada" });
      const matchConditions = [
        { expression: "request.user != 'bob'" },
        {
          expression:
            "has(request.resourceAttributes) && request.resourceAttributes.resource == 'configmaps'",
        },
      ];
      await start(text(webhookOf("one", { matchConditions }), RBAC));
      expect((await as("ada")).status).toBe(200);
      expect((await as("bob")).status).toBe(403);
      expect((await as("ada", "/api/v1/namespaces/default/secrets")).status).toBe(403);
      expect((await as("ada", "/version")).status).toBe(200);
      expect(asked).toEqual(["ada"]);
    });

    it("refuses by failurePolicy what a webhook or a condition fails on", async () => {
      answer = () => undefined;
      await start(text(webhookOf("one"), { type: "AlwaysAllow", name: "alwaysallow" }));
      const { status, json } = await as("ada");
      expect([status, json.message]).toEqual([
        500,
        "Internal error occurred: the server rejected our request for an unknown reason",
      ]);
      await server.stop();
      const matchConditions = [{ expression: "request.resourceAttributes.namespace == 'default'" }];
      const open = webhookOf("two", { failurePolicy: "NoOpinion", matchConditions });
      await start(text(open, { type: "AlwaysAllow", name: "alwaysallow" }));
      expect((await as("ada", "/version")).status).toBe(200);
      expect(asked).toEqual([]);
    });

    it("follows the file, on the threads too", async () => {
      const looks: (() => void)[] = [];
      const clock: Clock = Object.assign(Object.create(systemClock), {
        every: (ms: number, fn: () => void, options?: { unref?: boolean }) => {
          if (ms === 10_000) looks.push(fn);
          return systemClock.every(ms, fn, options);
        },
      });
      const path = join(dir, "authorization.yaml");
      const first = text(webhookOf("one"));
      await writeFile(path, first);
      const reloaded = {
        path,
        text: first,
        read: (now: string) => configuredAuthorization(now, { before: [] }),
      };
      answer = (user) => ({ allowed: user === "ada" });
      await start(first, { reloaded }, clock);
      const big = async (commonName: string) => {
        const { certPem, keyPem } = await server.certificates.client(commonName, { commonName });
        const body = {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "m" },
          data: { k: "x".repeat(40_000) },
        };
        const { status } = await rawRequest(server, `${MAPS}/m?fieldManager=x`, {
          method: "PATCH",
          identity: { cert: certPem, key: keyPem },
          headers: { "content-type": "application/apply-patch+yaml" },
          body: JSON.stringify(body),
        });
        return status;
      };
      expect(await big("ada")).toBe(201);
      expect(await big("bob")).toBe(403);
      await writeFile(path, text({ type: "Nobody" }));
      for (const look of looks) look();
      expect((await as("bob")).status).toBe(403);
      await writeFile(path, text({ type: "AlwaysAllow", name: "alwaysallow" }));
      await vi.waitFor(async () => {
        for (const look of looks) look();
        expect((await as("bob")).status).toBe(200);
      });
      expect(await big("bob")).toBe(200);
    });
  });
});
