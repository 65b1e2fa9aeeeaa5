import type { Clock } from "../../../base/index.ts";
import { goDurationProblem, parseGoDuration } from "../../../formats/index.ts";
import { statusBadRequest, statusTimeout } from "../../api/index.ts";
import { isLongRunning } from "../long-running.ts";
import type { RequestInfo } from "../request-info.ts";

/** How long a request may take: what its parameter `timeout` says, up to the server's own bound. Whatever is no duration says nothing here. */
export function requestTimeoutMs(params: URLSearchParams, maximumMs: number): number {
  const text = params.get("timeout");
  const namedMs = text ? (parseGoDuration(text) ?? 0) / 1e6 : 0;
  return namedMs > 0 ? Math.min(namedMs, maximumMs) : maximumMs;
}

/** When a request has to be done (apiserver WithRequestDeadline, WithTimeoutForNonLongRunningRequests); one that is meant to take long has no such time. */
export class RequestDeadline {
  readonly #timeoutMs: number | undefined;
  readonly #text: string;
  #controller: AbortController | undefined;
  #error: Error | undefined;

  constructor(info: RequestInfo, params: URLSearchParams, maximumMs: number) {
    this.#timeoutMs = isLongRunning(info) ? undefined : requestTimeoutMs(params, maximumMs);
    this.#text = params.get("timeout") ?? "";
  }

  /** Throws BadRequest. */
  check(): void {
    if (this.#timeoutMs === undefined || this.#text === "") return;
    const problem = goDurationProblem(this.#text);
    if (problem) throw statusBadRequest(`invalid timeout specified in the request URL - ${problem}`);
  }

  /** Aborted when the time is over, or `gone` is. */
  signal(gone: AbortSignal): AbortSignal {
    if (this.#timeoutMs === undefined) return gone;
    this.#controller ??= new AbortController();
    if (this.#error) this.#controller.abort(this.#error);
    return AbortSignal.any([gone, this.#controller.signal]);
  }

  /** What `work` gives; rejects with Timeout when that takes too long, and lets it end by itself. */
  hold<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
    const timeoutMs = this.#timeoutMs;
    if (timeoutMs === undefined) return work();
    return new Promise((resolve, reject) => {
      const onTimeout = () => {
        this.#error = statusTimeout("request did not complete within the allotted timeout");
        this.#controller?.abort(this.#error);
        reject(this.#error);
      };
      const cancel = clock.after(timeoutMs, onTimeout, { unref: true });
      work().then(resolve, reject).finally(cancel);
    });
  }
}
