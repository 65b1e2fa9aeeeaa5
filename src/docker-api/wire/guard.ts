import type { IncomingMessage } from "node:http";
import { GantryError } from "../../base/index.ts";
import { browserRefusal } from "../../http/index.ts";

/** Keeps web pages out. */
export function refuseBrowsers(req: IncomingMessage, allowedHosts: ReadonlySet<string>): void {
  const reason = browserRefusal(req, allowedHosts);
  if (reason !== undefined) throw new GantryError("PermissionDenied", reason, { code: "DockerApi.Browser" });
}
