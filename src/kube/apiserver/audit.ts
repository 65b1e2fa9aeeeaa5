import type { UserInfo } from "../client/types.ts";
import type { RequestInfo } from "./request-info.ts";

/** Hears of each request after it is known who sends it, and of its end. The place where an audit log or metrics hook in. */
export interface RequestObserver {
  begin(request: { info: RequestInfo; user: UserInfo; caller: UserInfo; local: boolean }): RequestRecord;
}

export interface RequestRecord {
  /** Once the answer is written, of a watch when it has ended. */
  end(outcome: { code: number; error?: unknown }): void;
}

/** Tells several observers. */
export function observers(all: readonly RequestObserver[]): RequestObserver {
  return {
    begin(request) {
      const records = all.map((observer) => observer.begin(request));
      return { end: (outcome) => records.forEach((record) => void record.end(outcome)) };
    },
  };
}
