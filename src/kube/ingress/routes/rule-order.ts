import type { RequestMatch } from "../../../reverse-proxy/index.ts";

const PATH_RANKS: Record<RequestMatch["path"]["type"], number> = { exact: 0, regex: 1, prefix: 2, any: 3 };

/**
 * Which of two matches is asked first, negative: `a`. The Gateway API's order (HTTPRouteRule.matches): an exact path, the longest
 * prefix, a method, the most headers, the most query parameters. Patterns stand between exact paths and prefixes, the longest
 * first, as nginx has them. Ingress' order (the longest path, then exact before prefix) comes to the same.
 */
export function compareMatches(a: RequestMatch, b: RequestMatch): number {
  return (
    PATH_RANKS[a.path.type] - PATH_RANKS[b.path.type] ||
    lengthOf(b) - lengthOf(a) ||
    Number(b.method !== undefined) - Number(a.method !== undefined) ||
    (b.headers?.length ?? 0) - (a.headers?.length ?? 0) ||
    (b.query?.length ?? 0) - (a.query?.length ?? 0)
  );
}

/** A prefix is the same with and without its last slash. */
function lengthOf({ path }: RequestMatch): number {
  return path.type === "prefix" ? path.value.replace(/\/$/, "").length : path.value.length;
}
