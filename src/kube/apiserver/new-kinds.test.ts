import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../base/index.ts";
import { AnswerShares } from "./testing/answer-shares.ts";
import {
  differences,
  type RecordedRequest,
  recordedRequests,
  unrecordedCreates,
} from "./testing/recorded-new-kinds.ts";
import { requestSender } from "./testing/request-sender.ts";
import { startTestServer, type TestServer } from "./testing/start-test-server.ts";

/** A file for the requests that are answered differently, with both answers; and which kinds and requests are sent (patterns of ids). */
const { ANSWERS_OUT, ANSWERS_ONLY } = process.env;

/** Of the requests, how many must be answered with the original's status code, and how many the same in everything. */
const FLOORS = { sameCode: 0.995, same: 0.98 };

/** A job's labels hold its uid, which is another one here. */
const GENERATED_UID = /controller-uid": "([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"/;

const all = recordedRequests();
const only = new RegExp(ANSWERS_ONLY ?? "");
const HEADERS = { "User-Agent": "diff" };

describe.skipIf(all.length === 0)("answers of the original API server about the later kinds", () => {
  let server: TestServer;
  let send: Awaited<ReturnType<typeof requestSender>>;

  beforeAll(async () => {
    // As the original was started.
    server = await startTestServer({ allowsPrivileged: false });
    send = await requestSender(server);
    const names = all.flatMap(({ path }) => /\/namespaces\/([^/?]+)\//.exec(path)?.[1] ?? []);
    for (const name of new Set(names)) {
      await send("POST", "/api/v1/namespaces", { body: JSON.stringify({ metadata: { name } }) });
      const account = JSON.stringify({ metadata: { name: "default" } });
      await send("POST", `/api/v1/namespaces/${name}/serviceaccounts`, { body: account });
    }
    // Made by a sequence that was not recorded.
    const { path, answer } = all.find(({ id }) => id === "GET1/CustomResourceDefinition")!;
    const { apiVersion, kind, metadata, spec } = answer;
    const { name, labels, annotations } = metadata;
    const body = JSON.stringify({ apiVersion, kind, metadata: { name, labels, annotations }, spec });
    await send("POST", path.slice(0, path.lastIndexOf("/")), { body });
  }, 60_000);
  afterAll(() => server.stop());

  async function bodyOf({ body, path, method }: RecordedRequest): Promise<string | null> {
    if (body === null || typeof body === "string") return body;
    const text = spacedJson(body);
    const uid = method === "POST" ? undefined : GENERATED_UID.exec(text)?.[1];
    const namesCurrent = body.metadata?.resourceVersion === "<set>";
    if (!namesCurrent && uid === undefined) return text;
    const { json } = await send("GET", path.replace(/\/(status|scale|approval)(?=\?|$)/, "").split("?")[0]!);
    const stored = json?.metadata ?? {};
    const ofStored = text.replaceAll(uid ?? "<uid>", stored.uid);
    return namesCurrent ? ofStored.replace('"<set>"', JSON.stringify(stored.resourceVersion)) : ofStored;
  }

  /** Fields that its recorded form does not show, as the answers about its objects tell them. */
  async function completeDefinition(): Promise<void> {
    const string = { type: "string" };
    const properties = {
      nest: { type: "object", default: {}, properties: { d: { ...string, default: "nd" } } },
      nul: { ...string, nullable: true, default: "d" },
      emb: {
        type: "object",
        "x-kubernetes-embedded-resource": true,
        "x-kubernetes-preserve-unknown-fields": true,
      },
      when: { ...string, format: "date-time" },
      ip: { ...string, format: "ipv4" },
      pat: { ...string, pattern: "^a+$" },
      imm: { ...string, "x-kubernetes-validations": [{ rule: "self == oldSelf", message: "immutable" }] },
      qty: {
        ...string,
        maxLength: 20,
        "x-kubernetes-validations": [
          { rule: "isQuantity(self)", messageExpression: "'bad quantity ' + self" },
        ],
      },
      one: {
        type: "object",
        properties: { a: string, b: string },
        oneOf: [{ required: ["a"] }, { required: ["b"] }],
      },
    };
    const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/rs.example.com";
    const { json } = await send("GET", path);
    Object.assign(json.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties, properties);
    await send("PUT", path, { body: JSON.stringify(json) });
    // Its kinds follow in a moment.
    await systemClock.sleep(200);
  }

  it("are the same", { timeout: 400_000 }, async () => {
    const shares = new AnswerShares();
    const different: object[] = [];
    const creates = unrecordedCreates(all);
    let hasWholeDefinition = false;
    for (const recorded of all.filter(({ id }) => only.test(id))) {
      if (recorded.id.startsWith("CR/") && !hasWholeDefinition) {
        hasWholeDefinition = true;
        await completeDefinition();
      }
      const { id, method, path, headers } = recorded;
      const create = creates.get(recorded);
      if (create !== undefined)
        await send(create.method, create.path, { headers: HEADERS, body: await bodyOf(create) });
      const actual = await send(method, path, {
        headers: { ...HEADERS, ...headers },
        body: await bodyOf(recorded),
      });
      const differs = differences(recorded, actual);
      shares.count(shareOf(id), differs);
      if (differs.length > 0) different.push({ ...recorded, differs, actual });
    }
    console.log(shares.table());
    if (ANSWERS_OUT) writeFileSync(ANSWERS_OUT, different.map((one) => `${JSON.stringify(one)}\n`).join(""));
    if (ANSWERS_ONLY) return;
    expect(shares.sameCode).toBeGreaterThanOrEqual(FLOORS.sameCode);
    expect(shares.same).toBeGreaterThanOrEqual(FLOORS.same);
  });
});

/** With spaces as in the recorded requests: some refusals show how a body begins. */
function spacedJson(body: object): string {
  return JSON.stringify(body, null, 1).replace(/,\n */g, ", ").replace(/\n */g, "");
}

/** The sequence, the kind, or what custom resources and their definitions were tried with. */
function shareOf(id: string): string {
  const [first = "", second = ""] = id.split("/");
  if (first === "SEQ") return `${first}/${second}`;
  return ["SCHEMA", "SCHEMAROOT", "CRDSPEC", "CR"].includes(first) ? first : second;
}
