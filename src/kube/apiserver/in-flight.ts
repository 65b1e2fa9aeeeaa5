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

/** The requests of one sort that are worked on. */
class Lane {
  readonly #limit: number;
  readonly #byUser = new Map<string, number>();
  count = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Places are left for who comes next: of so many users each may have that part which one more would leave it. */
  hasPlaceFor(user: string): boolean {
    const own = this.#byUser.get(user) ?? 0;
    const others = this.#byUser.size - (own > 0 ? 1 : 0);
    return this.count < this.#limit && own < Math.max(1, Math.floor(this.#limit / (others + 2)));
  }

  enter(user: string): void {
    this.count++;
    this.#byUser.set(user, (this.#byUser.get(user) ?? 0) + 1);
  }

  leave(user: string): void {
    this.count--;
    const left = this.#byUser.get(user)! - 1;
    if (left > 0) this.#byUser.set(user, left);
    else this.#byUser.delete(user);
  }
}

/**
 * How many requests are worked on at once: more are told to come back, so that those under way get done. One user cannot
 * have all places: until there is priority and fairness, they are shared among the users that ask.
 */
export class InFlightLimits {
  readonly #reading: Lane;
  readonly #mutating: Lane;

  /** Upstream's defaults are 400 and 200. */
  constructor(limits = { reading: 400, mutating: 200 }) {
    this.#reading = new Lane(limits.reading);
    this.#mutating = new Lane(limits.mutating);
  }

  /** Returns the way out, to be called once; throws TooManyRequests (429). */
  enter(info: RequestInfo, user: UserInfo): () => void {
    if (isLongRunning(info)) return () => {};
    const lane = info.isResource && MUTATING.has(info.verb) ? this.#mutating : this.#reading;
    // Administrators always get an answer.
    if (!lane.hasPlaceFor(user.name) && !user.groups.includes(MASTERS)) {
      throw statusTooManyRequests("Too many requests, please try again later.", 1);
    }
    lane.enter(user.name);
    return () => lane.leave(user.name);
  }

  get current(): Readonly<{ reading: number; mutating: number }> {
    return { reading: this.#reading.count, mutating: this.#mutating.count };
  }
}
