import { services as servicesResource } from "../../api/index.ts";
import type { KubeObject } from "../../api/types.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { keyOf } from "../object-key.ts";
import { AddressPool } from "./addresses.ts";

const addressOf = (service: KubeObject): string | undefined => service.status?.loadBalancer?.ingress?.[0]?.ip;

/**
 * Gives Services of type LoadBalancer an address of the pool; the proxy makes it answer. One worker, because two Services
 * must not get the same address.
 */
export function createLoadBalancerController(dependencies: ControllerDependencies & { poolCidr: string }): Controller {
  const { client, informers, recorder } = dependencies;
  const services = informers.informer(servicesResource);
  const pool = new AddressPool(dependencies.poolCidr);
  /** What this process has written; the informer may be a moment behind. */
  const assigned = new Map<string, string>();

  const taken = (exceptKey: string): Set<string> => {
    const addresses = new Set<string>();
    for (const service of services.list()) {
      const address = addressOf(service);
      if (address && keyOf(service) !== exceptKey) addresses.add(address);
    }
    for (const [key, address] of assigned) if (key !== exceptKey) addresses.add(address);
    return addresses;
  };

  const choose = (service: KubeObject, key: string): string | undefined => {
    const inUse = taken(key);
    const asked: string | undefined = service.spec.loadBalancerIP;
    if (asked) return pool.contains(asked) && !inUse.has(asked) ? asked : undefined;
    return pool.next(inUse);
  };

  return createController(
    {
      name: "service-lb",
      informers: [services],
      watch: (enqueue) => [
        services.subscribe({
          onAdd: (one) => enqueue(keyOf(one)),
          onUpdate: (one) => enqueue(keyOf(one)),
          onDelete: (one) => enqueue(keyOf(one)),
        }),
      ],
      concurrency: 1,
      reconcile: async (key) => {
        const service = services.get(key);
        if (!service) {
          assigned.delete(key);
          return;
        }
        const ours = service.spec.loadBalancerClass === undefined;
        const wantsAddress = service.spec.type === "LoadBalancer" && ours && service.metadata.deletionTimestamp === undefined;
        const current = addressOf(service);
        if (!wantsAddress) {
          assigned.delete(key);
          if (current && ours) await client.updateStatus(servicesResource, { ...service, status: { loadBalancer: {} } });
          return;
        }
        if (current) return;
        const address = choose(service, key);
        if (!address) {
          const why = service.spec.loadBalancerIP ? `address ${service.spec.loadBalancerIP} is not free in ${dependencies.poolCidr}` : `no address is left in ${dependencies.poolCidr}`;
          recorder.event(service, "Warning", "SyncLoadBalancerFailed", `Error syncing load balancer: ${why}`);
          return;
        }
        assigned.set(key, address);
        const ingress = [{ ip: address, ipMode: "VIP" }];
        await client.updateStatus(servicesResource, { ...service, status: { ...service.status, loadBalancer: { ingress } } });
        recorder.event(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer");
      },
    },
    dependencies,
  );
}
