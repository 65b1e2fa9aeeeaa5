import { isGantryError } from "../../../base/index.ts";
import { endpoints as endpointsResource, pods as podsResource, services as servicesResource } from "../../api/index.ts";
import type { KubeObject } from "../../api/types.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { endpointsOf, type PortGroup } from "../endpointslice/endpoints-of.ts";
import { splitKey } from "../object-key.ts";
import { podsOfService, watchServicePods } from "../service-pods.ts";

/** Upstream cuts an Endpoints object at this many addresses. */
const MAX_ADDRESSES = 1000;

function subsetOf(group: PortGroup): object {
  const address = (endpoint: PortGroup["endpoints"][number]) => ({
    ip: endpoint.addresses[0],
    ...(endpoint.hostname ? { hostname: endpoint.hostname } : {}),
    ...(endpoint.nodeName ? { nodeName: endpoint.nodeName } : {}),
    targetRef: endpoint.targetRef,
  });
  const usable = group.endpoints.filter((endpoint) => !endpoint.conditions.terminating).slice(0, MAX_ADDRESSES);
  const ready = usable.filter((endpoint) => endpoint.conditions.ready).map(address);
  const notReady = usable.filter((endpoint) => !endpoint.conditions.ready).map(address);
  return {
    ...(ready.length > 0 ? { addresses: ready } : {}),
    ...(notReady.length > 0 ? { notReadyAddresses: notReady } : {}),
    ports: group.ports.map((port) => (port.name === "" ? { port: port.port, protocol: port.protocol } : port)),
  };
}

/** Keeps the older Endpoints object beside the EndpointSlices, for clients that still read it. */
export function createEndpointsController(dependencies: ControllerDependencies): Controller {
  const { client, informers } = dependencies;
  const services = informers.informer(servicesResource);
  const pods = informers.informer(podsResource);
  const endpoints = informers.informer(endpointsResource);

  const write = async (service: KubeObject, known: KubeObject | undefined, subsets: object[]): Promise<void> => {
    const { name, namespace, labels } = service.metadata;
    const allLabels: Record<string, string> = { ...labels, "endpoints.kubernetes.io/managed-by": "endpoint-controller" };
    if (service.spec.clusterIP === "None") allLabels["service.kubernetes.io/headless"] = "";
    if (!known) {
      await client.create(endpointsResource, {
        apiVersion: "v1",
        kind: "Endpoints",
        metadata: { name, namespace: namespace!, labels: allLabels },
        subsets,
      });
    } else if (JSON.stringify(known.subsets ?? []) !== JSON.stringify(subsets)) {
      await client.update(endpointsResource, { ...known, metadata: { ...known.metadata, labels: allLabels }, subsets });
    }
  };

  return createController(
    {
      name: "endpoints",
      informers: [services, pods, endpoints],
      watch: (enqueue) => watchServicePods(services, pods, enqueue),
      reconcile: async (key) => {
        const service = services.get(key);
        const { namespace, name } = splitKey(key);
        if (!service) {
          const managed = endpoints.get(key)?.metadata.labels?.["endpoints.kubernetes.io/managed-by"];
          if (!managed) return;
          try {
            await client.delete(endpointsResource, namespace, name);
          } catch (error) {
            if (!isGantryError(error, "NotFound")) throw error;
          }
          return;
        }
        if (!service.spec.selector || service.spec.type === "ExternalName") return;
        const groups = endpointsOf(service, podsOfService(service, pods)).filter((group) =>
          group.endpoints.some((endpoint) => !endpoint.conditions.terminating),
        );
        await write(service, endpoints.get(key), groups.map(subsetOf));
      },
    },
    dependencies,
  );
}
