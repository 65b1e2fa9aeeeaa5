import type { DnsConfig } from "./types.ts";

/** The text of resolv.conf(5) for a sandbox. */
export function resolvConfText({ servers, searches, options }: DnsConfig): string {
  const lines: string[] = [];
  if (searches.length > 0) lines.push(`search ${searches.join(" ")}`);
  for (const server of servers) lines.push(`nameserver ${server}`);
  if (options.length > 0) lines.push(`options ${options.join(" ")}`);
  return lines.map((line) => `${line}\n`).join("");
}
