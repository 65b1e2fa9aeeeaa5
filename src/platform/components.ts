import type { Service } from "../base/index.ts";
import type { Component } from "../cli/index.ts";

/** The services of each part of the house. */
const SERVICES = {
  apiserver: [
    "memory",
    "store",
    "cluster",
    "certificates",
    "apiserver",
    "cluster-info",
    "storage-class",
    "dns-service",
    "simulated-nodes",
    "metrics-scraper",
  ],
  controllers: ["controllers"],
  scheduler: ["scheduler"],
  node: [
    ...["network", "images", "runtime", "engine", "join", "node-range", "pod-network"],
    ...[
      "cri",
      "kubelet",
      "volume-provisioner",
      "proxy",
      "pod-routes",
      "network-policy",
      "dns",
      "ingress",
      "control-plane-node",
      "node",
    ],
  ],
  docker: ["memory", "network", "images", "runtime", "engine", "docker-api", "registry"],
} satisfies Record<Component, string[]>;

/** The services of the components, in need of one another only. */
export function servicesOf(components: readonly Component[], all: readonly Service[]): Service[] {
  const wanted = new Set<string>(components.flatMap((name) => SERVICES[name]));
  return all
    .filter(({ name }) => wanted.has(name))
    .map((service) => ({ ...service, needs: service.needs.filter((need) => wanted.has(need)) }));
}

/** Whether containers are run. */
export function runsContainers(components: readonly Component[]): boolean {
  return components.includes("node") || components.includes("docker");
}
