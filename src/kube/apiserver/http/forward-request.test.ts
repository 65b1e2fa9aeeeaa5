import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../../base/index.ts";
import { type HttpServer, startHttpServer } from "../../../http/index.ts";
import { forwardRequest } from "./forward-request.ts";

const PROXY = "/api/v1/namespaces/default/pods/p/proxy";

describe("a request that is passed on", () => {
  const pod = createServer((req, res) => res.end(`${req.method} ${req.url}`));
  let front: HttpServer;
  let url: string;

  beforeAll(async () => {
    await new Promise<void>((resolve) => pod.listen(0, "127.0.0.1", resolve));
    const target = {
      protocol: "http:" as const,
      host: "127.0.0.1",
      port: (pod.address() as AddressInfo).port,
    };
    front = await startHttpServer({
      listen: { host: "127.0.0.1", port: 0 },
      handler: (ctx) => forwardRequest(ctx, target),
      logger: silentLogger,
    });
    url = `http://127.0.0.1:${(front.address() as { port: number }).port}`;
  });
  afterAll(async () => {
    await front.close();
    pod.close();
  });

  const ask = async (method: string, path: string) => {
    const answer = await fetch(`${url}${path}`, { method, redirect: "manual" });
    return [answer.status, answer.headers.get("location") ?? (await answer.text())];
  };

  it.each([
    ["GET", PROXY, 301, `${PROXY}/`],
    ["HEAD", `${PROXY}?a=b`, 301, `${PROXY}/?a=b`],
    // What does something is not sent elsewhere: a redirect would make a GET of it.
    ["POST", PROXY, 200, "POST /"],
    ["DELETE", `${PROXY}?method=DELETE`, 200, "DELETE /?method=DELETE"],
    ["PUT", `${PROXY}/`, 200, "PUT /"],
    ["GET", `${PROXY}/a%2Fb//c?x=%20y`, 200, "GET /a%2Fb/c?x=%20y"],
  ])("%s %s: %i %s", async (method, path, status, answer) => {
    expect(await ask(method, path)).toEqual([status, answer]);
  });
});
