import type { IncomingMessage } from "node:http";
import { isIP, type Socket } from "node:net";
import { GantryError } from "../../base/index.ts";

/**
 * Keeps web pages out. A page that a browser shows can send requests to addresses that only the browser's machine reaches;
 * it gives itself away by `Origin` or `Sec-Fetch-Site`, or, when its name was made to resolve to this machine, by `Host`.
 */
export function refuseBrowsers(req: IncomingMessage, allowedHosts: ReadonlySet<string>): void {
  if (req.headers.origin !== undefined) throw refused("requests from web pages are refused (Origin header)");
  const site = req.headers["sec-fetch-site"];
  if (site !== undefined && site !== "none")
    throw refused("requests from web pages are refused (Sec-Fetch-Site header)");
  // Nobody reaches a Unix socket by a name; clients put anything into Host there.
  if ((req.socket as Socket).remoteAddress === undefined) return;
  const host = hostName(req.headers.host ?? "");
  if (host !== "localhost" && isIP(host) === 0 && !allowedHosts.has(host)) {
    throw refused(`requests to the host name ${JSON.stringify(host)} are refused`);
  }
}

function hostName(header: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header.toLowerCase());
  return match?.[1] ?? match?.[2] ?? header;
}

function refused(message: string): GantryError {
  return new GantryError("PermissionDenied", message, { code: "DockerApi.Browser" });
}
