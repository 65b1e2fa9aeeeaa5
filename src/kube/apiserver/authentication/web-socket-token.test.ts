import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { AuthenticationFailure } from "./authenticator.ts";
import { takeWebSocketToken } from "./web-socket-token.ts";

const encoded = (token: string | Buffer) =>
  `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString("base64url")}`;

function requestWith(protocols: string[], headers: Record<string, string> = {}): IncomingMessage {
  return {
    headers: { connection: "keep-alive, Upgrade", upgrade: "WebSocket", ...headers },
    headersDistinct: { "sec-websocket-protocol": protocols },
  } as unknown as IncomingMessage;
}

describe("a token that comes as a WebSocket's subprotocol", () => {
  it("is taken out of the request", () => {
    const request = requestWith([`a, ${encoded("t")}`, "b"]);
    expect(takeWebSocketToken(request)).toBe("t");
    expect(request.headers["sec-websocket-protocol"]).toBe("a,b");
    expect(request.headersDistinct["sec-websocket-protocol"]).toEqual(["a,b"]);
  });

  it("is not looked for in what asks for no WebSocket", () => {
    const offered = [`a, ${encoded("t")}`];
    expect(takeWebSocketToken(requestWith(offered, { connection: "close" }))).toBeUndefined();
    expect(takeWebSocketToken(requestWith(offered, { upgrade: "SPDY/3.1" }))).toBeUndefined();
    expect(takeWebSocketToken(requestWith(["a"]))).toBeUndefined();
  });

  it.each([
    ["multiple base64.bearer.authorization tokens specified", [`a, ${encoded("t")}, ${encoded("u")}`]],
    ["missing additional subprotocol", [encoded("t")]],
    ["invalid base64.bearer.authorization token encoding", ["a, base64url.bearer.authorization.k8s.io.=="]],
    ["invalid base64.bearer.authorization token", [`a, ${encoded(Buffer.from([0xff, 0xfe]))}`]],
  ])("is refused: %s", (problem, protocols) => {
    expect(() => takeWebSocketToken(requestWith(protocols))).toThrow(new AuthenticationFailure(problem));
  });
});
