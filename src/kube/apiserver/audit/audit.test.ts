import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../base/index.ts";
import { type RawRequest, rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";
import { readAuditPolicy } from "./read-audit-policy.ts";

// biome-ignore lint/suspicious/noExplicitAny: tests look into it
type Event = any;

const MICROS = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
const JSON_TYPE = { "content-type": "application/json" };
const MAPS = "/api/v1/namespaces/default/configmaps";

describe("the audit log", () => {
  let server: TestServer;
  const events: Event[] = [];
  let metrics = "";
  /** What the requests of clients left in the log. */
  async function audited(policy: string, ...requests: [path: string, request?: RawRequest][]) {
    const header = "apiVersion: audit.k8s.io/v1\nkind: Policy\n";
    server = await startTestServer({
      audit: {
        policy: readAuditPolicy({ path: "p", text: header + policy, logger: silentLogger }),
        log: {
          to: (text) => {
            const lines = text.trimEnd().split("\n");
            events.push(...lines.map((line) => JSON.parse(line)));
          },
          mode: "blocking",
          format: "json",
          bufferSize: 1000,
        },
      },
    });
    events.length = 0;
    for (const [path, request] of requests) await rawRequest(server, path, request);
    metrics = (await rawRequest(server, "/metrics")).text;
    // The end of a request is told after its answer.
    await server.stop();
    return events.filter(({ requestURI }) => requestURI !== "/metrics");
  }

  const post = (object: object, headers: Record<string, string> = {}): RawRequest => ({
    method: "POST",
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify(object),
  });

  it("has an event at each stage, with all that is known by then", async () => {
    const found = await audited("rules: [{level: Metadata, users: [admin]}]", [
      `${MAPS}/m?pretty=1`,
      { headers: { "audit-id": "mine", "user-agent": "tester", "x-forwarded-for": "1.2.3.4, x" } },
    ]);
    const received = {
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      level: "Metadata",
      auditID: "mine",
      stage: "RequestReceived",
      requestURI: `${MAPS}/m?pretty=1`,
      verb: "get",
      user: {
        username: "admin",
        groups: ["system:masters", "system:authenticated"],
        extra: { "authentication.kubernetes.io/credential-id": [expect.stringMatching("X509SHA256=")] },
      },
      sourceIPs: ["1.2.3.4", "127.0.0.1"],
      userAgent: "tester",
      objectRef: { resource: "configmaps", namespace: "default", name: "m", apiVersion: "v1" },
      requestReceivedTimestamp: MICROS,
      stageTimestamp: MICROS,
    };
    const responseStatus = {
      metadata: {},
      status: "Failure",
      message: 'configmaps "m" not found',
      reason: "NotFound",
      details: { name: "m", kind: "configmaps" },
      code: 404,
    };
    const annotations = { "authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "" };
    expect(found).toEqual([
      received,
      { ...received, stage: "ResponseComplete", responseStatus, annotations },
    ]);
    expect(found[0].stageTimestamp).toBe(found[0].requestReceivedTimestamp);
  });

  it("has what was sent and answered where the policy wants it", async () => {
    const metadata = { name: "m", annotations: { a: "b" } };
    const found = await audited(
      "omitStages: [RequestReceived]\nrules: [{level: RequestResponse, users: [admin], omitManagedFields: true}]",
      [MAPS, post({ metadata, data: { k: "v" } })],
      [
        `${MAPS}/m`,
        {
          method: "PATCH",
          headers: { "content-type": "application/merge-patch+json" },
          body: '{"data":{"k":"w"}}',
        },
      ],
      [`${MAPS}/m`, { headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" } }],
      [`${MAPS}?fieldSelector=metadata.name%3Dm`],
      [
        `${MAPS}/m`,
        {
          method: "DELETE",
          // Node leaves the length out with DELETE.
          headers: { ...JSON_TYPE, "content-length": "24" },
          body: '{"gracePeriodSeconds":0}',
        },
      ],
    );
    expect(found.map(({ verb, stage }) => `${verb} ${stage}`)).toEqual(
      ["create", "patch", "get", "list", "delete"].map((verb) => `${verb} ResponseComplete`),
    );
    const [created, patched, shown, listed, deleted] = found;
    expect(created).toMatchObject({
      objectRef: { resource: "configmaps", namespace: "default", name: "m", apiVersion: "v1" },
      responseStatus: { metadata: {}, code: 201 },
      requestObject: { kind: "ConfigMap", metadata, data: { k: "v" } },
      responseObject: { kind: "ConfigMap", metadata: { name: "m", uid: expect.any(String) } },
    });
    expect(created.responseObject.metadata).not.toHaveProperty("managedFields");
    expect(patched).toMatchObject({
      requestObject: { data: { k: "w" } },
      responseObject: { data: { k: "w" } },
    });
    expect(shown.responseObject).toMatchObject({
      kind: "Table",
      rows: [{ cells: ["m", 1, expect.any(String)] }],
    });
    expect(listed).toMatchObject({
      objectRef: { name: "m" },
      responseObject: { kind: "ConfigMapList", items: [{ metadata: { name: "m" } }] },
    });
    expect(JSON.stringify([shown, listed])).not.toContain("managedFields");
    expect(deleted).toMatchObject({
      requestObject: { kind: "DeleteOptions", gracePeriodSeconds: 0 },
      responseStatus: { metadata: {}, status: "Success", code: 200 },
      responseObject: { kind: "Status", status: "Success" },
    });
  });

  it("has the same of requests that a thread works on", async () => {
    const big = { metadata: { name: "big" }, data: { k: "x".repeat(40_000) } };
    const [found] = await audited(
      "omitStages: [RequestReceived]\nrules: [{level: RequestResponse, users: [admin]}]",
      [MAPS, post(big, { accept: "application/yaml" })],
    );
    expect(found).toMatchObject({
      objectRef: { name: "big" },
      responseStatus: { code: 201 },
      requestObject: big,
      responseObject: { kind: "ConfigMap", data: big.data },
    });
  });

  it("has who was refused at the door, once", async () => {
    const found = await audited("rules: [{level: Request}]", [
      MAPS,
      { identity: { token: "forged" }, headers: { "x-real-ip": "5.6.7.8" } },
    ]);
    const ours = found.filter(({ sourceIPs }) => sourceIPs[0] === "5.6.7.8");
    expect(ours).toMatchObject([
      {
        stage: "ResponseStarted",
        user: {},
        responseStatus: {
          metadata: {},
          status: "Failure",
          message: "Unauthorized",
          reason: "Unauthorized",
          code: 401,
        },
      },
    ]);
  });

  it("tells whom somebody acted as, and of a refusal why", async () => {
    const found = await audited("omitStages: [RequestReceived]\nrules: [{level: Metadata, users: [admin]}]", [
      MAPS,
      { headers: { "impersonate-user": "ada", "impersonate-group": "g" } },
    ]);
    expect(found).toMatchObject([
      {
        user: { username: "admin" },
        impersonatedUser: { username: "ada", groups: ["g", "system:authenticated"] },
        responseStatus: { code: 403, reason: "Forbidden" },
        annotations: { "authorization.k8s.io/decision": "forbid", "authorization.k8s.io/reason": "" },
      },
    ]);
  });

  it("tells when the answer to a long request begins, and when it ends", async () => {
    const found = await audited("rules: [{level: Metadata, users: [admin], verbs: [watch]}]", [
      `${MAPS}?watch=1&timeoutSeconds=1`,
    ]);
    expect(found.map(({ stage, responseStatus }) => [stage, responseStatus?.code])).toEqual([
      ["RequestReceived", undefined],
      ["ResponseStarted", 200],
      ["ResponseComplete", 200],
    ]);
  });

  it("has what admission says of a request", async () => {
    const labels = { "pod-security.kubernetes.io/enforce": "privileged" };
    const pod = { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } };
    const found = await audited(
      "omitStages: [RequestReceived]\nrules: [{level: Metadata, users: [admin], resources: [{resources: [pods]}]}]",
      [
        "/api/v1/namespaces/default",
        {
          method: "PATCH",
          headers: { "content-type": "application/merge-patch+json" },
          body: JSON.stringify({ metadata: { labels } }),
        },
      ],
      ["/api/v1/namespaces/default/pods", post(pod)],
    );
    expect(found).toMatchObject([
      { annotations: { "pod-security.kubernetes.io/enforce-policy": "privileged:latest" } },
    ]);
  });

  it("is counted", async () => {
    await audited("rules: [{level: None, users: [admin], verbs: [get]}, {level: Metadata}]", [
      `${MAPS}/m`,
      { identity: "nobody" },
    ]);
    expect(metrics).toMatch(/^apiserver_audit_level_total\{level="None"\} [1-9]/m);
    expect(metrics).toMatch(/^apiserver_audit_level_total\{level="Metadata"\} [1-9]/m);
    expect(metrics).toMatch(/^apiserver_audit_event_total [1-9]/m);
  });
});
