import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PluginChoice } from "../admission/choose-plugins.ts";
import { type RawAnswer, rawRequest } from "./raw-request.ts";
import { startTestServer, type TestServer, type TestServerOptions } from "./start-test-server.ts";

/** A request and what upstream answers to it; what is left out is not looked at. */
export interface AnswerRow {
  /** `PUT /api/v1/namespaces/default/configmaps/a`. */
  request: string;
  headers?: Record<string, string>;
  body?: unknown;
  code: number;
  reason?: string;
  message?: string;
  /** `FIELD: MESSAGE`, in this order; with their types before them, `[TYPE] FIELD: MESSAGE`. */
  causes?: string[];
  warnings?: string[];
  /** Parts of the object that is answered. */
  object?: object;
}

export interface AnswerTable {
  /** Path of a collection -> objects that are there before each row. */
  stored?: [collection: string, object: object][];
  rows: readonly AnswerRow[];
  admissionPlugins?: PluginChoice;
  /** What the server tells about as its components. */
  components?: TestServerOptions["components"];
  nodeAccess?: TestServerOptions["nodeAccess"];
  metricSource?: TestServerOptions["metricSource"];
}

/** Sends the requests of a table one after the other to a server of its own, and holds its answers to upstream's. */
export function describeAnswers(name: string, { stored = [], rows, ...options }: AnswerTable): void {
  describe(name, () => {
    let server: TestServer;
    beforeAll(async () => {
      server = await startTestServer(options);
      for (const [collection, object] of stored) {
        const { status, text } = await send(server, { request: `POST ${collection}`, body: object });
        expect(status, text).toBe(201);
      }
    });
    afterAll(() => server.stop());

    it.each(rows.map((row) => [titleOf(row), row] as const))("%s", async (_, row) => {
      const answer = await send(server, row);
      expect(seen(answer, row)).toEqual(wanted(row));
      if (row.object) expect(answer.json).toMatchObject(row.object);
    });
  });
}

function titleOf({ request, headers, body, code }: AnswerRow): string {
  const what = [request, headers && JSON.stringify(headers), body && JSON.stringify(body)];
  return `${code} to ${what.filter(Boolean).join(" ").slice(0, 200)}`;
}

function send(
  server: TestServer,
  { request, headers = {}, body }: Pick<AnswerRow, "request" | "headers" | "body">,
) {
  const [method = "", path = ""] = request.split(" ");
  const sent = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  const ofBody: Record<string, string> =
    sent === undefined
      ? {}
      : { "content-type": "application/json", "content-length": String(Buffer.byteLength(sent)) };
  return rawRequest(server, path, { method, headers: { ...ofBody, ...headers }, body: sent });
}

function wanted({ code, reason, message, causes, warnings }: AnswerRow) {
  return { code, reason, message, causes, warnings };
}

/** The answer in those parts that the row looks at. */
function seen(answer: RawAnswer, row: AnswerRow): ReturnType<typeof wanted> {
  const { json } = answer;
  const warning = (answer.headers.warning as string | undefined)?.split(/, (?=299 )/) ?? [];
  const typed = row.causes?.[0]?.startsWith("[");
  const causes = ((json?.details?.causes ?? []) as Record<string, string>[]).map(
    ({ reason, field, message }) => `${typed ? `[${reason}] ` : ""}${field}: ${message}`,
  );
  return {
    code: answer.status,
    reason: "reason" in row ? json?.reason : undefined,
    message: row.message === undefined ? undefined : json?.message,
    causes: row.causes && causes,
    warnings: row.warnings && warning.map((text) => JSON.parse(text.replace(/^299 \S+ /, ""))),
  };
}
