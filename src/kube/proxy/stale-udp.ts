import type { ServiceRules } from "./service-rules.ts";

export interface StaleUdp {
  /** Service address; empty for a node port, which is on every address of the node. */
  ip: string;
  port: number;
  /** Endpoints that are gone; `any` when traffic was refused so far, and connection tracking remembers it untranslated. */
  endpoints: string[] | "any";
}

/** What connection tracking must forget after a Service's rules changed from `previous` to `next`. */
export function staleUdp(previous: ServiceRules | undefined, next: ServiceRules | undefined): StaleUdp[] {
  const key = ({ ip, port }: { ip: string; port: number }) => `${ip}:${port}`;
  const before = new Map((previous?.udpAddresses ?? []).map((address) => [key(address), address]));
  const after = new Map((next?.udpAddresses ?? []).map((address) => [key(address), address]));
  const stale: StaleUdp[] = [];
  for (const [id, address] of before) {
    const still = after.get(id)?.endpoints ?? [];
    const gone = address.endpoints.filter((ip) => !still.includes(ip));
    if (gone.length > 0) stale.push({ ip: address.ip, port: address.port, endpoints: gone });
  }
  for (const [id, address] of after) {
    const hadNone = (before.get(id)?.endpoints ?? []).length === 0;
    if (hadNone && address.endpoints.length > 0)
      stale.push({ ip: address.ip, port: address.port, endpoints: "any" });
  }
  return stale;
}
