/** The first address of a range: of Services the API's own, of pods the host's. */
export function firstAddress(cidr: string): string {
  const [network] = cidr.split("/");
  const parts = network!.split(".").map(Number);
  parts[3]!++;
  return parts.join(".");
}

/** The tenth address of the range of Services is the name service's, as kubeadm's; undefined where the range ends before. */
export function nameServiceAddress(serviceCidr: string): string | undefined {
  const [network, prefix] = serviceCidr.split("/");
  if (Number(prefix) > 28) return undefined;
  const parts = network!.split(".").map(Number);
  parts[3]! += 10;
  return parts.join(".");
}
