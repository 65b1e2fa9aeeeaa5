import type { LoadBalancerIngress, Service } from "../../api/index.ts";
import { services as servicesResource } from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { writeOnNewest } from "../newest.ts";
import { keyOf } from "../object-key.ts";
import { unlessGone } from "../write-errors.ts";
import { AddressPool } from "./addresses.ts";

const addressOf = (service: Service): string | undefined => service.status?.loadBalancer?.ingress?.[0]?.ip;

/** Another load balancer's Services are none of ours. */
const isOurs = (service: Service): boolean => service.spec.loadBalancerClass === undefined;

const wantsAddress = (service: Service): boolean =>
  service.spec.type === "LoadBalancer" && isOurs(service) && service.metadata.deletionTimestamp === undefined;

/**
 * Gives Services of type LoadBalancer an address of the pool; the proxy makes it answer. One worker, because two Services
 * must not get the same address.
 */
export function createLoadBalancerController(
  dependencies: ControllerDependencies & { poolCidr: string },
): Controller {
  const { client, informers, recorder } = dependencies;
  const services = informers.informer(servicesResource);
  const pool = new AddressPool(dependencies.poolCidr);
  /** What this process has written; the informer may be a moment behind. */
  const assigned = new Map<string, string>();
  const waiting = new Set<string>();

  const taken = (exceptKey: string): Set<string> => {
    const addresses = new Set<string>();
    for (const service of services.list()) {
      const address = addressOf(service);
      if (address && keyOf(service) !== exceptKey) addresses.add(address);
    }
    for (const [key, address] of assigned) if (key !== exceptKey) addresses.add(address);
    return addresses;
  };

  const choose = (service: Service, key: string): string | undefined => {
    const inUse = taken(key);
    const asked = service.spec.loadBalancerIP;
    if (asked) return pool.contains(asked) && !inUse.has(asked) ? asked : undefined;
    return pool.next(inUse);
  };

  const setIngress = (service: Service, ingress: LoadBalancerIngress[]): Promise<unknown> =>
    unlessGone(
      writeOnNewest(services, service, (base) =>
        client.updateStatus(servicesResource, {
          ...base,
          status: { ...base.status, loadBalancer: ingress.length > 0 ? { ingress } : {} },
        }),
      ),
    );

  const tellNone = (service: Service): void => {
    const asked = service.spec.loadBalancerIP;
    const why = asked
      ? `address ${asked} is not free in ${dependencies.poolCidr}`
      : `no address is left in ${dependencies.poolCidr}`;
    recorder.event(
      service,
      "Warning",
      "SyncLoadBalancerFailed",
      `Error syncing load balancer: failed to ensure load balancer: ${why}`,
    );
  };

  return createController(
    {
      name: "service-lb",
      informers: [services],
      watch: (enqueue) => {
        const freed = (): void => {
          for (const key of waiting) enqueue(key);
        };
        return [
          services.subscribe({
            onAdd: (one) => enqueue(keyOf(one)),
            onUpdate: (one, previous) => {
              enqueue(keyOf(one));
              if (addressOf(previous) && !addressOf(one)) freed();
            },
            onDelete: (one) => {
              assigned.delete(keyOf(one));
              waiting.delete(keyOf(one));
              freed();
            },
          }),
        ];
      },
      concurrency: 1,
      reconcile: async (key) => {
        const service = services.get(key);
        if (!service) return;
        const current = addressOf(service);
        if (!wantsAddress(service)) {
          assigned.delete(key);
          waiting.delete(key);
          if (current && isOurs(service)) await setIngress(service, []);
          return;
        }
        const asked = service.spec.loadBalancerIP;
        const isRight = current !== undefined && pool.contains(current) && (!asked || asked === current);
        if (isRight && !taken(key).has(current)) {
          assigned.set(key, current);
          return;
        }
        const address = choose(service, key);
        if (!address) {
          waiting.add(key);
          tellNone(service);
          return;
        }
        waiting.delete(key);
        assigned.set(key, address);
        await setIngress(service, [{ ip: address, ipMode: "VIP" }]);
        recorder.event(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer");
      },
    },
    dependencies,
  );
}
