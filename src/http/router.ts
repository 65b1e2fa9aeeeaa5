import type { HttpContext } from "./context.ts";

export type Handler = (ctx: HttpContext) => Promise<void> | void;

interface Route {
  method: string;
  segments: string[];
  handler: Handler;
}

export interface RouteMatch {
  handler: Handler;
  params: Record<string, string>;
}

/**
 * Maps method and path to a handler. A pattern's segment is literal, `:name` (one segment) or `:name*` (one or more, slashes
 * included); literals win over `:name`, that over `:name*`. Parameters come decoded.
 */
export class Router {
  readonly #routes: Route[] = [];

  add(method: string, pattern: string, handler: Handler): this {
    const segments = pattern.split("/").filter(Boolean);
    this.#routes.push({ method, segments, handler });
    return this;
  }

  /** The best route, or which methods the path would take, or undefined for an unknown path. */
  match(method: string, path: string): RouteMatch | { allowed: string[] } | undefined {
    const parts = path.split("/").filter(Boolean);
    const allowed = new Set<string>();
    let best: { match: RouteMatch; rank: string } | undefined;
    for (const route of this.#routes) {
      const found = matchSegments(route.segments, parts);
      if (!found) continue;
      allowed.add(route.method);
      if (route.method !== method && !(method === "HEAD" && route.method === "GET")) continue;
      const rank = route.method === method ? `${found.rank}1` : `${found.rank}0`;
      if (!best || rank > best.rank) best = { match: { handler: route.handler, params: found.params }, rank };
    }
    if (best) return best.match;
    return allowed.size > 0 ? { allowed: [...allowed].sort() } : undefined;
  }
}

const LITERAL = "3";
const SINGLE = "2";
const GREEDY = "1";

function matchSegments(
  segments: readonly string[],
  parts: readonly string[],
): { params: Record<string, string>; rank: string } | undefined {
  const params: Record<string, string> = Object.create(null);
  let rank = "";
  let at = 0;
  for (let index = 0; index < segments.length; index++) {
    const segment = segments[index]!;
    if (segment.startsWith(":") && segment.endsWith("*")) {
      const after = segments.length - index - 1;
      const take = parts.length - at - after;
      if (take < 1) return undefined;
      params[segment.slice(1, -1)] = parts
        .slice(at, at + take)
        .map(decode)
        .join("/");
      at += take;
      rank += GREEDY;
    } else {
      const part = parts[at++];
      if (part === undefined) return undefined;
      if (segment.startsWith(":")) {
        params[segment.slice(1)] = decode(part);
        rank += SINGLE;
      } else if (segment === part) rank += LITERAL;
      else return undefined;
    }
  }
  return at === parts.length ? { params, rank } : undefined;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
