import type { UserInfo } from "../client/types.ts";
import type { Authorization } from "./authorization/authorizer.ts";
import type { Rendering } from "./http/encode-answer.ts";
import type { RequestInfo } from "./request-info.ts";
import type { Answer, ResourceCall } from "./server-context.ts";

/** How a request came in. */
export interface RequestOrigin {
  /** The client's own where it names one (`Audit-ID`). */
  auditId: string;
  /** Path and query as they were sent. */
  uri: string;
  userAgent: string;
  /** Of the client and of what the request came through, the client's first. */
  sourceIps: readonly string[];
}

export interface ObservedRequest {
  info: RequestInfo;
  /** From the same process. */
  local: boolean;
  origin(): RequestOrigin;
}

/** Hears of each request as it comes in: the place of metrics and of audit logs. */
export interface RequestObserver {
  begin(request: ObservedRequest): RequestRecord;
}

/** What becomes of one request. The request waits for what is promised; what throws is its answer. */
export interface RequestRecord {
  /** Not called where that is refused (401). */
  authenticated?(caller: UserInfo): Promise<void> | undefined;
  /** The caller acts as somebody else, and may. */
  impersonating?(user: UserInfo): void;
  authorized?(authorization: Authorization): void;
  /** It is a call of a resource, whose body has come. */
  called?(call: ResourceCall): void;
  /** Before the answer is written, in this form; local callers have none. */
  answering?(answer: Answer, form: Rendering | undefined): Promise<void> | undefined;
  /** Once the answer is written, of a watch when it has ended. */
  end(outcome: { code: number; error?: unknown }): void;
}

/** Tells several observers. */
export function observers(all: readonly RequestObserver[]): RequestObserver {
  const [one, ...more] = all;
  if (one && more.length === 0) return one;
  return { begin: (request) => new Records(all.map((observer) => observer.begin(request))) };
}

class Records implements RequestRecord {
  readonly #all: readonly RequestRecord[];

  constructor(all: readonly RequestRecord[]) {
    this.#all = all;
  }

  authenticated(caller: UserInfo): Promise<void> {
    return allDone(this.#all.map((record) => record.authenticated?.(caller)));
  }

  impersonating(user: UserInfo): void {
    for (const record of this.#all) record.impersonating?.(user);
  }

  authorized(authorization: Authorization): void {
    for (const record of this.#all) record.authorized?.(authorization);
  }

  called(call: ResourceCall): void {
    for (const record of this.#all) record.called?.(call);
  }

  answering(answer: Answer, form: Rendering | undefined): Promise<void> {
    return allDone(this.#all.map((record) => record.answering?.(answer, form)));
  }

  end(outcome: { code: number; error?: unknown }): void {
    for (const record of this.#all) record.end(outcome);
  }
}

async function allDone(promises: readonly (Promise<void> | undefined)[]): Promise<void> {
  await Promise.all(promises);
}
