/** The order of a listener's hosts: names, then wildcards by their length, then `*`. */
export function compareHosts(a: string, b: string): number {
  return rank(a) - rank(b) || b.length - a.length || (a < b ? -1 : 1);
}

const rank = (host: string) => (host === "*" ? 2 : host.startsWith("*.") ? 1 : 0);
