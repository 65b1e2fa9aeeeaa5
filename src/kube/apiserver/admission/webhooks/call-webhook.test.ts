import { createPublicKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../../base/index.ts";
import { generateKey, issueCertificate } from "../../../pki/index.ts";
import { patching, type WebhookServer } from "../../testing/webhook-server.ts";
import {
  configMap,
  create,
  GROUP,
  hook,
  label,
  lastReview,
  MAPS,
  paths,
  rule,
  send,
  useWebhooks,
  webhooks,
} from "./webhooks.test-support.ts";

useWebhooks();

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

  it("is called where its Service stands for a name outside, by its own name", async () => {
    const services = "/api/v1/namespaces/default/services";
    await create(services, {
      metadata: { name: "hook" },
      spec: { type: "ExternalName", externalName: "localhost" },
    });
    await webhooks("validating", "o", { at: "one", clientConfig: clientConfig({ port: hook.port }) });
    expect((await create(MAPS, configMap("outside"))).status).toBe(201);
    expect(hook.calls.map(({ host }) => host)).toEqual([`hook.default.svc:${hook.port}`]);
    await send("DELETE", `${services}/hook`);
  });

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
