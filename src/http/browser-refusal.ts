import type { IncomingMessage } from "node:http";
import { isIP, type Socket } from "node:net";

const NO_HOSTS: ReadonlySet<string> = new Set();

/**
 * Why a request is refused that a web page has sent: a page that a browser shows can send requests to addresses that only
 * the browser's machine reaches. It gives itself away by `Origin` or `Sec-Fetch-Site`, or, when its name was made to
 * resolve to this machine (DNS rebinding), by `Host`. Undefined for everybody else.
 */
export function browserRefusal(
  req: IncomingMessage,
  allowedHosts: ReadonlySet<string> = NO_HOSTS,
): string | undefined {
  if (req.headers.origin !== undefined) return "requests from web pages are refused (Origin header)";
  const site = req.headers["sec-fetch-site"];
  if (site !== undefined && site !== "none")
    return "requests from web pages are refused (Sec-Fetch-Site header)";
  // Nobody reaches a Unix socket by a name; clients put anything into Host there.
  if ((req.socket as Socket).remoteAddress === undefined) return undefined;
  const host = hostName(req.headers.host ?? "");
  if (host === "localhost" || isIP(host) !== 0 || allowedHosts.has(host)) return undefined;
  return `requests to the host name ${JSON.stringify(host)} are refused`;
}

function hostName(header: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header.toLowerCase());
  return match?.[1] ?? match?.[2] ?? header;
}
