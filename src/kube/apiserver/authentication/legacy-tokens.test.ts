import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { configMaps, type KubeObject, namespaces, secrets, serviceAccounts } from "../../api/index.ts";
import { tokenSigningKey, verificationKey } from "../certificates.ts";
import { rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";
import { signToken } from "./json-web-token.ts";

const NAMESPACE = "legacy";
const TYPE = "kubernetes.io/service-account-token";
const TODAY = () => new Date().toISOString().slice(0, 10);
const CLAIM = "kubernetes.io/serviceaccount/";

describe("tokens that stand in Secrets", () => {
  let server: TestServer;
  let account: KubeObject;
  let token: string;
  const key = tokenSigningKey(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
  const other = tokenSigningKey(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);

  beforeAll(async () => {
    server = await startTestServer({
      serviceAccountTokens: { key, keys: [verificationKey(key.publicKey)], issuers: ["https://one.example"] },
    });
    await server.client.create(namespaces, { metadata: { name: NAMESPACE } });
  });
  afterAll(() => server.stop());

  const claims = (more: Record<string, unknown> = {}) => ({
    iss: "kubernetes/serviceaccount",
    sub: `system:serviceaccount:${NAMESPACE}:robot`,
    [`${CLAIM}namespace`]: NAMESPACE,
    [`${CLAIM}secret.name`]: "robot-token",
    [`${CLAIM}service-account.name`]: "robot",
    [`${CLAIM}service-account.uid`]: account.metadata.uid,
    ...more,
  });
  const keep = async (text: string) => {
    const secret = await server.client.get<KubeObject>(secrets, NAMESPACE, "robot-token");
    await server.client.update(secrets, { ...secret, data: { token: Buffer.from(text).toString("base64") } });
  };
  const review = async (of: string, spec: object = {}) =>
    (
      await rawRequest(server, "/apis/authentication.k8s.io/v1/tokenreviews", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ spec: { token: of, ...spec } }),
      })
    ).json.status;
  const labels = async () =>
    (await server.client.get<KubeObject>(secrets, NAMESPACE, "robot-token")).metadata.labels;

  beforeEach(async () => {
    for (const kind of [secrets, serviceAccounts])
      await server.client.deleteCollection(kind, { namespace: NAMESPACE });
    const metadata = { name: "robot", namespace: NAMESPACE };
    account = await server.client.create<KubeObject>(serviceAccounts, { metadata });
    const annotations = { "kubernetes.io/service-account.name": "robot" };
    await server.client.create(secrets, {
      metadata: { name: "robot-token", namespace: NAMESPACE, annotations },
      type: TYPE,
    });
    token = signToken(claims(), key);
    await keep(token);
  });

  it("are their account's, for the API's audiences", async () => {
    const user = {
      username: `system:serviceaccount:${NAMESPACE}:robot`,
      uid: account.metadata.uid,
      groups: ["system:serviceaccounts", `system:serviceaccounts:${NAMESPACE}`, "system:authenticated"],
    };
    expect(await review(token)).toEqual({ authenticated: true, user, audiences: ["https://one.example"] });
    expect(await review(token, { audiences: ["elsewhere"] })).toMatchObject({ error: expect.any(String) });
    expect((await rawRequest(server, "/api/v1/pods", { identity: { token } })).status).toBe(403);
  });

  it("leave in their Secret on which day they were used", async () => {
    await review(token);
    await vi.waitFor(async () =>
      expect(await labels()).toEqual({ "kubernetes.io/legacy-token-last-used": TODAY() }),
    );
  });

  it("hold no longer once the Secret holds another one, or is gone", async () => {
    expect((await review(token)).authenticated).toBe(true);
    await keep("another");
    expect(await review(token)).toMatchObject({ error: "Token does not match server's copy" });
    await server.client.delete(secrets, NAMESPACE, "robot-token");
    expect(await review(token)).toMatchObject({ error: "Token has been invalidated" });
  });

  it("hold no longer once the account is gone, nor for another one of its name", async () => {
    expect((await review(token)).authenticated).toBe(true);
    await server.client.delete(serviceAccounts, NAMESPACE, "robot");
    expect(await review(token)).toMatchObject({ error: 'serviceaccounts "robot" not found' });
    await server.client.create(serviceAccounts, { metadata: { name: "robot", namespace: NAMESPACE } });
    expect((await review(token)).error).toMatch(/^ServiceAccount UID \(\S+\) does not match claim \(\S+\)$/);
  });

  it("are refused where somebody marked them as invalid, with what to do", async () => {
    const marked = { metadata: { labels: { "kubernetes.io/legacy-token-invalid-since": TODAY() } } };
    await server.client.patch(secrets, NAMESPACE, "robot-token", "merge", marked);
    expect((await review(token)).error).toMatch(
      /has been marked invalid. Use tokens from the TokenRequest API/,
    );
    expect((await rawRequest(server, "/api/v1/pods", { identity: { token } })).status).toBe(401);
  });

  it.each([
    ["signed by somebody else", () => signToken(claims(), other)],
    ["of another issuer", () => signToken(claims({ iss: "https://one.example" }), key)],
    ["of another subject", () => signToken(claims({ sub: `system:serviceaccount:${NAMESPACE}:x` }), key)],
    ["without a Secret", () => signToken(claims({ [`${CLAIM}secret.name`]: undefined }), key)],
  ])("are not taken that are %s", async (_, forged) => {
    const text = forged();
    await keep(text);
    expect((await review(text)).authenticated).toBeUndefined();
  });
});

describe("since when uses of such tokens are written down", () => {
  const NAME = "kube-apiserver-legacy-service-account-token-tracking";

  it("stands in kube-system from the first start on", async () => {
    const server = await startTestServer();
    const { data } = await server.client.get<KubeObject>(configMaps, "kube-system", NAME);
    expect(data).toEqual({ since: TODAY() });
    await server.stop();
  });
});
