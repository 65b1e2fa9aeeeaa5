import { requestTimeoutMs } from "../http/request-deadline.ts";
import type { RequestInfo } from "../request-info.ts";

const NO_PARAMETERS = new URLSearchParams();

/** A quarter of its time is what a request may wait; a watch has no end that counts. */
export function waitLimitMs({ verb }: RequestInfo, params: URLSearchParams, maximumMs: number): number {
  return requestTimeoutMs(verb === "watch" ? NO_PARAMETERS : params, maximumMs) / 4;
}
