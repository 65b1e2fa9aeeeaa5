import type { Service } from "../generated/types.ts";
import type { QuotaEvaluator } from "./evaluator.ts";
import { countName } from "./object-count.ts";

const COUNT = countName("services");
const NAMES = [COUNT, "services", "services.nodeports", "services.loadbalancers"];

/** Counts services, their load balancers, and the node ports that they take or will be given. */
export const serviceEvaluator: QuotaEvaluator = {
  handles: ({ subresource }) => subresource === undefined,
  matchingNames: (given) => given.filter((name) => NAMES.includes(name)),
  usage: (object) => {
    const service = object as Service;
    return {
      [COUNT]: "1",
      services: "1",
      "services.loadbalancers": service.spec?.type === "LoadBalancer" ? "1" : "0",
      "services.nodeports": String(nodePortsOf(service)),
    };
  },
  matchesScope: () => false,
};

function nodePortsOf({ spec }: Service): number {
  const ports = spec?.ports ?? [];
  if (spec?.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts === false)
    return ports.filter(({ nodePort }) => nodePort).length;
  return spec?.type === "NodePort" || spec?.type === "LoadBalancer" ? ports.length : 0;
}
