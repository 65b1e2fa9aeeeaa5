/** The first address of a range: of Services the API's own, of pods the host's. */
export function firstAddress(cidr: string): string {
  const [network] = cidr.split("/");
  const parts = network!.split(".").map(Number);
  parts[3]!++;
  return parts.join(".");
}
