import type { UserInfo } from "../../client/types.ts";
import type { ResourceRequestInfo } from "../request-info.ts";

/** What one user does in how many ways is remembered. */
const MAX_WAYS = 1000;

/**
 * Of which class a request is depends on who asks for what in which namespace: for each of that it is found out once, as long as a
 * user comes as the same object. `match` must say the same each time.
 */
export class RequestClasses<T> {
  readonly #match: (info: ResourceRequestInfo, user: UserInfo) => T;
  readonly #byUser = new WeakMap<UserInfo, Map<string, T>>();

  constructor(match: (info: ResourceRequestInfo, user: UserInfo) => T) {
    this.#match = match;
  }

  of(info: ResourceRequestInfo, user: UserInfo): T {
    const way = wayOf(info);
    const known = this.#byUser.get(user);
    const found = known?.get(way);
    if (found !== undefined) return found;
    const ways = known === undefined || known.size >= MAX_WAYS ? new Map<string, T>() : known;
    const matched = this.#match(info, user);
    this.#byUser.set(user, ways.set(way, matched));
    return matched;
  }
}

/** No path has a NUL in it. */
function wayOf({ verb, group, resource, subresource = "", namespace }: ResourceRequestInfo): string {
  return `${verb}\0${group}\0${resource}\0${subresource}\0${namespace ?? "\0"}`;
}
