/** Whether a pattern of a host (`*.example`: one label or more) covers another name or pattern. */
export function covers(pattern: string, host: string): boolean {
  if (pattern === "*" || pattern === host) return true;
  return pattern.startsWith("*.") && host.endsWith(pattern.slice(1)) && host !== pattern.slice(1);
}

/**
 * The hosts of a route at a listener: for each of the route's names the narrower of the two (HTTPRouteSpec.hostnames). None: they
 * have nothing in common. A route without names takes the listener's.
 */
export function commonHosts(listener: string | undefined, route: readonly string[] | undefined): string[] {
  const own = listener || "*";
  if (!route || route.length === 0) return [own.toLowerCase()];
  return route.flatMap((name) => {
    if (covers(own, name)) return name.toLowerCase();
    return covers(name, own) ? own.toLowerCase() : [];
  });
}

/** Whether a listener with another, more exact name has the requests for a host (Gateway API, "listener isolation"). */
export function isTakenByOther(
  host: string,
  own: string | undefined,
  others: readonly (string | undefined)[],
): boolean {
  const ownPattern = own || "*";
  return others.some((other) => {
    const pattern = other || "*";
    return pattern !== ownPattern && covers(ownPattern, pattern) && covers(pattern, host);
  });
}
