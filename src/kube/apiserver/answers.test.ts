import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AnswerShares } from "./testing/answer-shares.ts";
import {
  type ActualAnswer,
  differingParts,
  type RecordedAnswer,
  recordedAnswers,
} from "./testing/recorded-answers.ts";
import { requestSender, type SentRequest } from "./testing/request-sender.ts";
import { startTestServer, type TestServer } from "./testing/start-test-server.ts";
import { storedBefore } from "./testing/stored-before.ts";

/** A file for the requests that are answered differently, with both answers; and which requests are sent (a pattern of ids). */
const { ANSWERS_OUT, ANSWERS_ONLY } = process.env;

/** Of the requests, how many must be answered with the original's status code. */
const SAME_CODE_FLOOR = 0.985;

/** Managed fields tell who wrote. */
const HEADERS = { "User-Agent": "diff" };

const all = recordedAnswers();
const only = new RegExp(ANSWERS_ONLY ?? "");

describe.skipIf(all.length === 0)("answers of the original API server", () => {
  let server: TestServer;
  let send: (method: string, path: string, request?: SentRequest) => Promise<ActualAnswer>;
  /** What the server chose then -> what it chose now: uids and addresses. */
  const chosen = new Map<string, string>();

  beforeAll(async () => {
    // As the original was started.
    server = await startTestServer({ allowsPrivileged: false });
    send = await requestSender(server);
    for (const [collection, object] of storedBefore(all)) {
      const { metadata, spec } = object;
      if (spec?.clusterIP) object.spec = { ...spec, clusterIP: undefined, clusterIPs: undefined };
      const answer = await send("POST", collection, { headers: HEADERS, body: JSON.stringify(object) });
      if (answer.code === 201) {
        if (metadata.uid) chosen.set(metadata.uid, answer.json.metadata.uid);
        if (spec?.clusterIP) chosen.set(spec.clusterIP, answer.json.spec.clusterIP);
      } else if (answer.code !== 409) {
        console.warn(`not stored: ${collection} ${metadata.name}: ${answer.json?.message}`);
      }
    }
    // The original no longer had its first revisions.
    const { revision } = await server.store.get("any");
    await server.store.compact(revision);
  }, 60_000);
  afterAll(() => server.stop());

  const answer = ({ method, path, headers, body }: RecordedAnswer) => {
    let text = body;
    for (const [then, now] of chosen) text = text?.replaceAll(then, now) ?? null;
    return send(method, path, { headers: { ...HEADERS, ...headers }, body: text });
  };

  it("gets the same status code", { timeout: 240_000 }, async () => {
    const shares = new AnswerShares();
    const different: object[] = [];
    for (const recorded of all.filter(({ id }) => only.test(id))) {
      const actual = await answer(recorded);
      const parts = differingParts(recorded, actual);
      shares.count(recorded.id, parts);
      if (parts.length > 0) different.push({ ...recorded, differs: parts, actual });
    }
    console.log(shares.table());
    if (ANSWERS_OUT) writeFileSync(ANSWERS_OUT, different.map((one) => `${JSON.stringify(one)}\n`).join(""));
    if (!ANSWERS_ONLY) expect(shares.sameCode).toBeGreaterThanOrEqual(SAME_CODE_FLOOR);
  });
});
