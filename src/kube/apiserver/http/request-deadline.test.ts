import { afterEach, describe, expect, it } from "vitest";
import { compileGoRegexp } from "../../../formats/index.ts";
import { rawRequest } from "../testing/raw-request.ts";
import { startTestServer, type TestServer } from "../testing/start-test-server.ts";

const COLLECTION = "/api/v1/namespaces/default/configmaps";

describe("the time that a request may take", () => {
  let server: TestServer;
  afterEach(() => server.stop());

  /** A body that never comes. */
  const halfBody = {
    method: "POST",
    headers: { "content-type": "application/json", "content-length": "99" },
  };

  async function halfRequest(query: string) {
    const startMs = performance.now();
    const { status, json } = await rawRequest(server, COLLECTION + query, { ...halfBody, body: "{" });
    return { status, message: json.message, reason: json.reason, tookMs: performance.now() - startMs };
  }

  const TIMED_OUT = {
    status: 504,
    reason: "Timeout",
    message: "Timeout: request did not complete within the allotted timeout",
  };

  it("is what the request says, where that is less than the server's", async () => {
    server = await startTestServer();
    const { tookMs, ...answer } = await halfRequest("?timeout=300ms");
    expect(answer).toEqual(TIMED_OUT);
    expect(tookMs).toBeGreaterThan(290);
    expect((await rawRequest(server, `${COLLECTION}?timeout=5m`)).status).toBe(200);
  });

  it.each(["", "?timeout=1h", "?timeout=0s"])("is the server's at the most (%s)", async (query) => {
    server = await startTestServer({ requestTimes: { timeoutMs: 200, minWatchSeconds: 1800 } });
    const { tookMs: _, ...answer } = await halfRequest(query);
    expect(answer).toEqual(TIMED_OUT);
  });

  it("does not count for watches, which end by their own", async () => {
    server = await startTestServer({ requestTimes: { timeoutMs: 100, minWatchSeconds: 1 } });
    const startMs = performance.now();
    expect((await rawRequest(server, `${COLLECTION}?watch=1&timeout=1ms`)).status).toBe(200);
    expect(performance.now() - startMs).toBeGreaterThan(900);
  });

  it.each([
    ["abc", 'invalid timeout specified in the request URL - time: invalid duration "abc"'],
    ["5", 'invalid timeout specified in the request URL - time: missing unit in duration "5"'],
    ["5x", 'invalid timeout specified in the request URL - time: unknown unit "x" in duration "5x"'],
  ])("is refused as %s, whoever asks", async (timeout, message) => {
    server = await startTestServer();
    const options = { identity: "nobody" as const };
    const { status, json } = await rawRequest(server, `${COLLECTION}?timeout=${timeout}`, options);
    expect([status, json.message]).toEqual([400, message]);
  });
});

describe("what browsers are told", () => {
  let server: TestServer;
  afterEach(() => server.stop());

  const rules = {
    allowedOrigins: [compileGoRegexp("^https://example\\.com(:|$)")],
    transportSecurity: ["max-age=31536000", "includeSubDomains"],
  };

  it("lets pages of the origins in, and lets them ask before", async () => {
    server = await startTestServer({ browserRules: rules });
    const ask = (origin: string, method: string) =>
      rawRequest(server, COLLECTION, { method, headers: { origin }, identity: "nobody" });
    const preflight = await ask("https://example.com:8443", "OPTIONS");
    expect([preflight.status, preflight.text]).toEqual([204, ""]);
    expect(preflight.headers).toMatchObject({
      "access-control-allow-origin": "https://example.com:8443",
      "access-control-allow-methods": "POST, GET, OPTIONS, PUT, DELETE, PATCH",
      "access-control-allow-credentials": "true",
      "strict-transport-security": "max-age=31536000; includeSubDomains",
    });
    const refused = await ask("https://example.com", "GET");
    expect([refused.status, refused.headers["access-control-allow-origin"]]).toEqual([
      403,
      "https://example.com",
    ]);
    const other = await ask("https://example.com.evil.org", "OPTIONS");
    expect(other.status).not.toBe(204);
    expect(other.headers["access-control-allow-origin"]).toBeUndefined();
  });

  it("is nothing without rules", async () => {
    server = await startTestServer();
    const { headers } = await rawRequest(server, COLLECTION, { headers: { origin: "https://example.com" } });
    expect(headers).not.toHaveProperty("access-control-allow-origin");
    expect(headers).not.toHaveProperty("strict-transport-security");
  });
});
