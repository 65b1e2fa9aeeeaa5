import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { statusUnauthorized } from "../../api/index.ts";
import type { UserInfo } from "../../client/types.ts";
import type { ServiceAccountTokens } from "./service-account-tokens.ts";
import { anonymous, authenticated } from "./users.ts";
import { takeWebSocketToken } from "./web-socket-token.ts";

/**
 * Who sends this request: by client certificate (common name and organizations), by a service account's token, or else
 * nobody in particular, whom authorization lets see health and version only. A proof that does not hold is refused (401).
 */
export async function authenticateHttp(
  request: IncomingMessage,
  tokens: ServiceAccountTokens,
): Promise<UserInfo> {
  const byCertificate = certificateUser(request.socket as TLSSocket);
  if (byCertificate) return authenticated(byCertificate);
  const token = bearerToken(request);
  if (token === undefined) return anonymous;
  const result = await tokens.authenticate(token);
  if (!result) throw statusUnauthorized();
  return authenticated(result.user);
}

function certificateUser(socket: TLSSocket): UserInfo | undefined {
  // Plain HTTP has no such function; without a client certificate the object is empty.
  const certificate = socket.getPeerCertificate?.();
  if (!certificate?.subject) return undefined;
  if (!socket.authorized) throw statusUnauthorized();
  const { CN: name, O: organizations } = certificate.subject as {
    CN?: string | string[];
    O?: string | string[];
  };
  if (typeof name !== "string") throw statusUnauthorized();
  return { name, groups: organizations === undefined ? [] : [organizations].flat() };
}

function bearerToken(request: IncomingMessage): string | undefined {
  const [scheme, token] = (request.headers.authorization ?? "").split(" ");
  if (scheme?.toLowerCase() === "bearer" && token) return token;
  return takeWebSocketToken(request);
}
