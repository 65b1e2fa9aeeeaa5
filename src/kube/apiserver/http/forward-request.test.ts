import { createServer, type IncomingHttpHeaders, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../../base/index.ts";
import { type HttpServer, startHttpServer } from "../../../http/index.ts";
import { forwardRequest, forwardUpgrade } from "./forward-request.ts";

const PATH = "/api/v1/namespaces/default/pods/p/proxy/x";
const SECRET = `base64url.bearer.authorization.k8s.io.${Buffer.from("secret").toString("base64url")}`;
const CREDENTIALS = {
  authorization: "Bearer secret",
  "proxy-authorization": "Basic secret",
  "proxy-connection": "keep-alive",
  "impersonate-user": "secret",
  "impersonate-extra-a": "secret",
  "x-remote-user": "secret",
  "x-remote-extra-a": "secret",
  "x-hop": "secret",
  "sec-websocket-protocol": `${SECRET}, chat`,
};

describe("a request that goes on to a pod", () => {
  let pod: Server;
  let front: HttpServer;
  let seen: IncomingHttpHeaders = {};
  beforeAll(async () => {
    pod = createServer((req, res) => {
      seen = req.headers;
      res.end("ok");
    });
    pod.on("upgrade", (req, socket) => {
      seen = req.headers;
      socket.end("HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n");
    });
    await new Promise<void>((resolve) => pod.listen(0, "127.0.0.1", resolve));
    const target = {
      protocol: "http:" as const,
      host: "127.0.0.1",
      port: (pod.address() as AddressInfo).port,
    };
    front = await startHttpServer({
      listen: { host: "127.0.0.1", port: 0 },
      handler: (ctx) => forwardRequest(ctx, target),
      upgrade: (req, socket, head) =>
        forwardUpgrade({ req, socket, head, signal: new AbortController().signal }, target),
      logger: silentLogger,
    });
  });
  afterAll(async () => {
    await front.close();
    await new Promise((resolve) => pod.close(resolve));
  });

  const send = (headers: Record<string, string>) =>
    new Promise<void>((resolve, reject) => {
      const { port } = front.address() as { port: number };
      const outgoing = request({ host: "127.0.0.1", port, path: PATH, headers, agent: false });
      outgoing.on("response", (answer) => answer.resume().on("end", resolve));
      outgoing.on("upgrade", (_answer, socket) => {
        socket.destroy();
        resolve();
      });
      outgoing.on("error", reject).end();
    });

  it.each([
    ["plain", { ...CREDENTIALS, connection: "x-hop", cookie: "a=b" }],
    ["for an upgrade", { ...CREDENTIALS, connection: "Upgrade, x-hop", upgrade: "websocket", cookie: "a=b" }],
  ])("%s carries no proof of who the client is, its cookies aside", async (_what, headers) => {
    await send(headers);
    expect(JSON.stringify(seen)).not.toContain("secret");
    expect(JSON.stringify(seen)).not.toContain(Buffer.from("secret").toString("base64url"));
    expect(seen).toMatchObject({ cookie: "a=b", "sec-websocket-protocol": "chat" });
  });

  it("carries no subprotocol where there was only the token", async () => {
    await send({ connection: "Upgrade", upgrade: "websocket", "sec-websocket-protocol": SECRET });
    expect(seen).not.toHaveProperty("sec-websocket-protocol");
  });
});
