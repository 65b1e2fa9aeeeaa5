import type { RequestInfo } from "./request-info.ts";

const SUBRESOURCES = new Set(["attach", "exec", "proxy", "log", "portforward"]);

/** Whether a request is meant to take long, and therefore does not count as slow. */
export function isLongRunning(info: RequestInfo): boolean {
  return info.isResource && (info.verb === "watch" || SUBRESOURCES.has(info.subresource ?? ""));
}
