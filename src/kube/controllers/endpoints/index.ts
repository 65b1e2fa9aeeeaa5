import { jsonEquals } from "../../../formats/index.ts";
import type { Endpoints, Service } from "../../api/index.ts";
import {
  endpoints as endpointsResource,
  nodes as nodesResource,
  pods as podsResource,
  services as servicesResource,
} from "../../api/index.ts";
import type { ApiObject } from "../../api/types.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { endpointsOf } from "../endpointslice/endpoints-of.ts";
import { writeOnNewest } from "../newest.ts";
import { keyOf, splitKey } from "../object-key.ts";
import { hasManagedEndpoints, indexByLabels, podsOfService, watchServicePods } from "../service-pods.ts";
import { isNamespaceTerminating, unlessGone } from "../write-errors.ts";
import { subsetsOf } from "./subsets.ts";

const MANAGED_BY = "endpoints.kubernetes.io/managed-by";
const MANAGER = "endpoint-controller";
const OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity";
const HEADLESS = "service.kubernetes.io/headless";

/** Keeps the older Endpoints object beside the EndpointSlices, for clients that still read it. */
export function createEndpointsController(dependencies: ControllerDependencies): Controller {
  const { client, informers } = dependencies;
  const services = informers.informer(servicesResource);
  const pods = informers.informer(podsResource);
  const nodes = informers.informer(nodesResource);
  const endpoints = informers.informer(endpointsResource);
  indexByLabels(pods);

  const create = async (
    { metadata: { name, namespace } }: ApiObject,
    parts: object,
    metadata: object,
  ): Promise<void> => {
    try {
      await client.create(endpointsResource, {
        apiVersion: "v1",
        kind: "Endpoints",
        metadata: { name, namespace: namespace!, ...metadata },
        ...parts,
      });
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error;
    }
  };

  const write = async (service: Service, known: Endpoints | undefined): Promise<void> => {
    const { subsets, isTruncated } = subsetsOf(endpointsOf(service, podsOfService(service, pods), nodes));
    const { [HEADLESS]: _headless, ...own } = service.metadata.labels ?? {};
    const labels = {
      ...own,
      [MANAGED_BY]: MANAGER,
      ...(service.spec.clusterIP === "None" ? { [HEADLESS]: "" } : {}),
    };
    const { [OVER_CAPACITY]: _known, ...others } = known?.metadata.annotations ?? {};
    const annotations = isTruncated ? { ...others, [OVER_CAPACITY]: "truncated" } : others;
    const parts = subsets.length > 0 ? { subsets } : {};
    if (!known) return create(service, parts, { labels, ...(isTruncated ? { annotations } : {}) });
    const isSame =
      jsonEquals(known.subsets ?? [], subsets) &&
      jsonEquals(known.metadata.labels ?? {}, labels) &&
      jsonEquals(known.metadata.annotations ?? {}, annotations);
    if (isSame) return;
    const update = (base: Endpoints) =>
      client.update(endpointsResource, {
        ...base,
        metadata: { ...base.metadata, labels, annotations },
        subsets,
      });
    await unlessGone(writeOnNewest(endpoints, known, update));
  };

  return createController(
    {
      name: "endpoints",
      informers: [services, pods, nodes, endpoints],
      watch: (enqueue) => [
        ...watchServicePods(services, pods, enqueue),
        endpoints.subscribe({
          onAdd: (one) => enqueue(keyOf(one)),
          onUpdate: (one) => enqueue(keyOf(one)),
          onDelete: (one) => enqueue(keyOf(one)),
        }),
        nodes.subscribe({
          onDelete: () => {
            for (const service of services.list()) enqueue(keyOf(service));
          },
        }),
      ],
      reconcile: async (key) => {
        const service = services.get(key);
        const known = endpoints.get(key);
        if (service) {
          if (hasManagedEndpoints(service)) await write(service, known);
          return;
        }
        if (known?.metadata.labels?.[MANAGED_BY] !== MANAGER) return;
        const { namespace, name } = splitKey(key);
        await unlessGone(
          client.delete(endpointsResource, namespace, name, { preconditions: { uid: known.metadata.uid } }),
        );
      },
    },
    dependencies,
  );
}
