import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Clock, silentLogger, systemClock } from "../../../base/index.ts";
import { tokenReviews } from "../../api/index.ts";
import { startTestServer } from "../testing/start-test-server.ts";
import { WebhookTokens, type WebhookTokensOptions } from "./webhook-tokens.ts";

describe("tokens that a webhook knows", () => {
  let server: Server;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it
  let asked: any[];
  let answer: (review: { spec: { token: string } }) => { code?: number; status?: object };
  beforeEach(async () => {
    asked = [];
    answer = () => ({ status: { authenticated: true, user: { username: "ada" } } });
    server = createServer(async (req, res) => {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk as Buffer);
      const review = JSON.parse(Buffer.concat(chunks).toString());
      asked.push(review);
      const { code = 200, status } = answer(review);
      res.writeHead(code).end(JSON.stringify({ ...review, status }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => void server.close());

  const options = (more: Partial<WebhookTokensOptions> = {}): WebhookTokensOptions => ({
    target: {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      isVerified: true,
      ...{ ca: undefined, cert: undefined, key: undefined, authorization: undefined, serverName: undefined },
    },
    version: "v1",
    cacheTtlMs: 60_000,
    ...more,
  });
  const start = (more: Partial<WebhookTokensOptions> = {}, clock: Clock = systemClock) =>
    new WebhookTokens(options(more), { apiAudiences: ["api", "api2"], logger: silentLogger, clock });

  it.each(["v1", "v1beta1"] as const)("are shown to it in a TokenReview of %s", async (version) => {
    answer = () => ({
      status: {
        authenticated: true,
        user: { username: "ada", uid: "1", groups: ["g"], extra: { k: ["v"] } },
      },
    });
    expect(await start({ version }).authenticateToken("t", ["api"])).toEqual({
      user: { name: "ada", uid: "1", groups: ["g"], extra: { k: ["v"] } },
      audiences: ["api"],
    });
    expect(asked).toEqual([
      {
        kind: "TokenReview",
        apiVersion: `authentication.k8s.io/${version}`,
        metadata: { creationTimestamp: null },
        spec: { token: "t", audiences: ["api"] },
        status: { user: {} },
      },
    ]);
  });

  it("are for the audiences that it names, or else for the API's", async () => {
    const tokens = start();
    const audiences = async (token: string, wanted: string[]) =>
      (await tokens.authenticateToken(token, wanted))?.audiences;
    expect(await audiences("a", ["api2", "other", "api"])).toEqual(["api2", "api"]);
    expect(await audiences("b", ["other"])).toBeUndefined();
    answer = () => ({ status: { authenticated: true, audiences: ["other"], user: {} } });
    expect(await audiences("c", ["other", "api"])).toEqual(["other"]);
    expect(await audiences("d", ["api"])).toBeUndefined();
  });

  it("are asked for once as long as the answer holds, yes or no", async () => {
    let nowMs = 0;
    const tokens = start({}, {
      ...systemClock,
      monotonicMs: () => nowMs,
      after: (...all: Parameters<Clock["after"]>) => systemClock.after(...all),
    } as Clock);
    answer = ({ spec }) => ({ status: { authenticated: spec.token === "t", user: { username: "ada" } } });
    const both = () => Promise.all(["t", "t", "u"].map((one) => tokens.authenticateToken(one, ["api"])));
    expect((await both()).map((found) => found?.user.name)).toEqual(["ada", "ada", undefined]);
    await both();
    expect(asked.length).toBe(2);
    nowMs = 60_001;
    await both();
    expect(asked.length).toBe(4);
  });

  it("are refused with its error, which is not kept", async () => {
    const tokens = start();
    answer = () => ({ status: { authenticated: false, error: "revoked" } });
    await expect(tokens.authenticateToken("t", ["api"])).rejects.toThrow("revoked");
    answer = () => ({ code: 403 });
    await expect(tokens.authenticateToken("t", ["api"])).rejects.toThrow("unknown");
    answer = () => ({ status: { authenticated: true, user: { username: "ada" } } });
    expect(await tokens.authenticateToken("t", ["api"])).toBeDefined();
  });

  it("are tried again where it fails for a while", async () => {
    const codes = [500, 429];
    answer = () => {
      const code = codes.shift();
      return code ? { code } : { status: { authenticated: true, user: { username: "ada" } } };
    };
    expect((await start().authenticateToken("t", ["api"]))?.user.name).toBe("ada");
    expect(asked.length).toBe(3);
  });

  it("let people into a server, after its own tokens", async () => {
    const api = await startTestServer({ authentication: { webhook: options() } });
    try {
      const { status } = await api.client.create(tokenReviews, { metadata: {}, spec: { token: "t" } });
      expect(status).toMatchObject({ authenticated: true, user: { username: "ada" } });
      expect(asked.length).toBe(1);
    } finally {
      await api.stop();
    }
  });
});
