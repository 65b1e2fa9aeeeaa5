import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { newUid } from "../../../base/index.ts";
import type { RequestOrigin } from "../request-observer.ts";

/** Under which id a request goes into an audit log: the client's, or one of our own. */
export function auditIdOf({ headers }: IncomingMessage): string {
  const [given] = [headers["audit-id"] ?? ""].flat();
  return given || newUid();
}

export function originOf(request: IncomingMessage, auditId: string): RequestOrigin {
  return {
    auditId,
    uri: request.url ?? "",
    userAgent: request.headers["user-agent"] ?? "",
    sourceIps: sourceIps(request),
  };
}

/** As proxies tell them, and in the end who is connected, which is no hearsay (apimachinery's net.SourceIPs). */
function sourceIps({ headersDistinct, socket }: IncomingMessage): string[] {
  const [forwarded = ""] = headersDistinct["x-forwarded-for"] ?? [];
  const found = forwarded
    .split(",")
    .map((part) => plainAddress(part.trim()))
    .filter((address) => isIP(address) !== 0);
  const real = plainAddress(headersDistinct["x-real-ip"]?.[0] ?? "");
  if (isIP(real) !== 0 && !found.includes(real)) found.push(real);
  const remote = plainAddress(socket.remoteAddress ?? "");
  if (isIP(remote) !== 0 && found.at(-1) !== remote) found.push(remote);
  return found;
}

/** An IPv4 address that stands in an IPv6 one is shown as itself. */
const plainAddress = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, "");
