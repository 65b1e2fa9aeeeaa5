interface LoadBalancerStatus {
  ingress?: readonly { ip?: string; hostname?: string }[];
}

/** The addresses, or else names, under which a load balancer is reached: each once, in their order. */
export function ingressPoints(status: LoadBalancerStatus | undefined): string[] {
  const points = (status?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || "");
  return [...new Set(points)].filter(Boolean).sort();
}
