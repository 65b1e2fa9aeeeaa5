import type { UserInfo } from "../client/types.ts";
import type { RequestInfo } from "./request-info.ts";

/** Hears of each request as it comes in, of who sends it once that is known, and of its end: the place of metrics and an audit log. */
export interface RequestObserver {
  begin(request: { info: RequestInfo; local: boolean }): RequestRecord;
}

export interface RequestRecord {
  /** Not called where that is refused (401), or whom the caller wants to act as (403). */
  identified(who: { user: UserInfo; caller: UserInfo }): void;
  /** Once the answer is written, of a watch when it has ended. */
  end(outcome: { code: number; error?: unknown }): void;
}

/** Tells several observers. */
export function observers(all: readonly RequestObserver[]): RequestObserver {
  return {
    begin(request) {
      const records = all.map((observer) => observer.begin(request));
      return {
        identified: (who) => records.forEach((record) => void record.identified(who)),
        end: (outcome) => records.forEach((record) => void record.end(outcome)),
      };
    },
  };
}
