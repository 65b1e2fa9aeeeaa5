import { statusTooManyRequests } from "../api/index.ts";
import type { UserInfo } from "../client/types.ts";
import { MASTERS } from "./authentication/users.ts";
import type { RequestInfo } from "./request-info.ts";

const LONG_RUNNING = new Set(["attach", "exec", "proxy", "log", "portforward"]);
const MUTATING = new Set(["create", "update", "patch", "delete", "deletecollection"]);

/** Whether a request is meant to take long, and therefore counts neither as slow nor as in flight. */
export function isLongRunning(info: RequestInfo): boolean {
  return info.isResource && (info.verb === "watch" || LONG_RUNNING.has(info.subresource ?? ""));
}

/** How many requests are worked on at once: more are told to come back, so that those under way get done. */
export class InFlightLimits {
  readonly #limits: { reading: number; mutating: number };
  readonly #current = { reading: 0, mutating: 0 };

  /** Upstream's defaults are 400 and 200. */
  constructor(limits = { reading: 400, mutating: 200 }) {
    this.#limits = limits;
  }

  /** Returns the way out, to be called once; throws TooManyRequests (429). */
  enter(info: RequestInfo, user: UserInfo): () => void {
    if (isLongRunning(info)) return () => {};
    const which = info.isResource && MUTATING.has(info.verb) ? "mutating" : "reading";
    // Administrators always get an answer.
    if (this.#current[which] >= this.#limits[which] && !user.groups.includes(MASTERS)) {
      throw statusTooManyRequests("Too many requests, please try again later.", 1);
    }
    this.#current[which]++;
    return () => {
      this.#current[which]--;
    };
  }

  get current(): Readonly<{ reading: number; mutating: number }> {
    return this.#current;
  }
}
