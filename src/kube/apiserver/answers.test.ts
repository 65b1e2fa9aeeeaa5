import { writeFileSync } from "node:fs";
import https from "node:https";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ActualAnswer,
  bytesOf,
  differingParts,
  parsed,
  type RecordedAnswer,
  recordedAnswers,
} from "./testing/recorded-answers.ts";
import { startTestServer, type TestServer } from "./testing/start-test-server.ts";
import { storedBefore } from "./testing/stored-before.ts";

/** A file for the requests that are answered differently, with both answers; and which requests are sent (a pattern of ids). */
const { ANSWERS_OUT, ANSWERS_ONLY } = process.env;

/** Of the requests, how many must be answered with the original's status code. */
const SAME_CODE_FLOOR = 0.985;

const all = recordedAnswers();
const only = new RegExp(ANSWERS_ONLY ?? "");

/** `null` stands for a header that is not sent. */
const JSON_BODY: Record<string, string | null> = { "Content-Type": "application/json" };

describe.skipIf(all.length === 0)("answers of the original API server", () => {
  let server: TestServer;
  let send: (method: string, path: string, request?: Sent) => Promise<ActualAnswer>;
  /** What the server chose then -> what it chose now: uids and addresses. */
  const chosen = new Map<string, string>();

  beforeAll(async () => {
    server = await startTestServer();
    send = await sender(server);
    for (const [collection, object] of storedBefore(all)) {
      const { metadata, spec } = object;
      if (spec?.clusterIP) object.spec = { ...spec, clusterIP: undefined, clusterIPs: undefined };
      const answer = await send("POST", collection, { body: JSON.stringify(object) });
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
    return send(method, path, { headers, body: text });
  };

  it("gets the same status code", { timeout: 240_000 }, async () => {
    const shares = new Shares();
    const different: object[] = [];
    for (const recorded of all.filter(({ id }) => only.test(id))) {
      const actual = await answer(recorded);
      const parts = differingParts(recorded, actual);
      shares.count(recorded, parts);
      if (parts.length > 0) different.push({ ...recorded, differs: parts, actual });
    }
    console.log(shares.table());
    if (ANSWERS_OUT) writeFileSync(ANSWERS_OUT, different.map((one) => `${JSON.stringify(one)}\n`).join(""));
    if (!ANSWERS_ONLY) expect(shares.sameCode).toBeGreaterThanOrEqual(SAME_CODE_FLOOR);
  });
});

interface Sent {
  headers?: Record<string, string | null> | null;
  body?: string | null;
}

async function sender(server: TestServer) {
  const { certPem, keyPem } = await server.certificates.client("admin", {
    commonName: "admin",
    organizations: ["system:masters"],
  });
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  const proof = { ca: server.certificates.caPem, cert: certPem, key: keyPem, agent };
  return (method: string, path: string, { headers, body }: Sent = {}): Promise<ActualAnswer> => {
    const bytes = typeof body === "string" ? bytesOf(body) : undefined;
    // Node leaves the length out with DELETE.
    const ofBody = bytes ? { ...JSON_BODY, "Content-Length": String(bytes.length) } : {};
    const wanted: NonNullable<Sent["headers"]> = { ...ofBody, ...headers };
    const sent = Object.entries(wanted).filter((entry): entry is [string, string] => entry[1] !== null);
    return new Promise((resolve, reject) => {
      const options = { method, ...proof, headers: Object.fromEntries(sent) };
      const request = https.request(`${server.url}${path}`, options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const warning = response.headers.warning as string | string[] | undefined;
          const warnings =
            warning === undefined
              ? []
              : [warning]
                  .flat()
                  .join(", ")
                  .split(/, (?=299 )/);
          const json = parsed(Buffer.concat(chunks).toString("utf8"));
          resolve({ code: response.statusCode!, warnings, json });
        });
      });
      request.on("error", reject);
      request.end(bytes);
    });
  };
}

/** How many requests are answered alike, by the first words of their ids. */
class Shares {
  readonly #rows = new Map<string, { requests: number; sameCode: number; same: number }>();

  count({ id }: RecordedAnswer, parts: readonly string[]): void {
    const name = id.split("/").slice(0, 2).join("/");
    for (const row of [name, "all"]) {
      const counts = this.#rows.get(row) ?? { requests: 0, sameCode: 0, same: 0 };
      counts.requests++;
      if (!parts.includes("code")) counts.sameCode++;
      if (parts.length === 0) counts.same++;
      this.#rows.set(row, counts);
    }
  }

  get sameCode(): number {
    const { sameCode, requests } = this.#rows.get("all")!;
    return sameCode / requests;
  }

  table(): string {
    const rows = [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1));
    const lines = rows.map(
      ([name, { requests, sameCode, same }]) =>
        `${name.padEnd(32)} ${String(requests).padStart(5)} ${share(sameCode, requests)} ${share(same, requests)}`,
    );
    return [`${"".padEnd(32)} ${"sent".padStart(5)}    code     all`, ...lines].join("\n");
  }
}

function share(part: number, whole: number): string {
  return `${((part / whole) * 100).toFixed(1)}%`.padStart(7);
}
