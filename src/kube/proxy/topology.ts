import type { ServiceEndpoint } from "./service-endpoint.ts";

/**
 * Whether only endpoints hinted for this zone take connections of the node: every ready one has a hint, and one is for the zone
 * (upstream's topologyModeFromHints). Else hints do not count: rather far than nowhere.
 */
export function staysInZone(endpoints: readonly ServiceEndpoint[], zone: string): boolean {
  const ready = endpoints.filter(({ isReady }) => isReady);
  return (
    ready.every(({ zoneHints }) => zoneHints.length > 0) &&
    ready.some(({ zoneHints }) => zoneHints.includes(zone))
  );
}
