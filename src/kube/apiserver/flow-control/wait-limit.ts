import { parseGoDuration } from "../../../formats/index.ts";
import type { RequestInfo } from "../request-info.ts";

/** What a request may take that names no time-out, and the longest that one can name (--request-timeout). */
const REQUEST_TIMEOUT_MS = 60_000;

/** A quarter of its time is what a request may wait; a watch has no end that counts. */
export function waitLimitMs({ verb }: RequestInfo, params: URLSearchParams): number {
  const text = verb === "watch" ? null : params.get("timeout");
  const namedMs = text ? (parseGoDuration(text) ?? 0) / 1e6 : 0;
  const timeoutMs = namedMs > 0 ? Math.min(namedMs, REQUEST_TIMEOUT_MS) : REQUEST_TIMEOUT_MS;
  return timeoutMs / 4;
}
