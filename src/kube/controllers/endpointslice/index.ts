import { isGantryError, rfc3339Seconds } from "../../../base/index.ts";
import { endpointSlices, pods as podsResource, services as servicesResource } from "../../api/index.ts";
import type { KubeObject } from "../../api/types.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { Expectations } from "../expectations.ts";
import { controllerReference } from "../owner.ts";
import { podsOfService, watchServicePods } from "../service-pods.ts";
import { endpointsOf } from "./endpoints-of.ts";
import { planSlices, type SliceContent } from "./plan.ts";

const MANAGED_BY = "endpointslice-controller.k8s.io";
const SERVICE_NAME = "kubernetes.io/service-name";
const MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by";
const CHANGE_TIME = "endpoints.kubernetes.io/last-change-trigger-time";

/** Keeps the EndpointSlices of every Service with a selector. */
export function createEndpointSliceController(dependencies: ControllerDependencies): Controller {
  const { client, informers, clock } = dependencies;
  const services = informers.informer(servicesResource);
  const pods = informers.informer(podsResource);
  const slices = informers.informer(endpointSlices);
  const creations = new Expectations(clock);
  slices.addIndex("service", (slice) => {
    const labels = slice.metadata.labels ?? {};
    return labels[MANAGED_BY_LABEL] === MANAGED_BY ? [`${slice.metadata.namespace}/${labels[SERVICE_NAME]}`] : [];
  });

  const labelsOf = (service: KubeObject): Record<string, string> => {
    const labels: Record<string, string> = { ...service.metadata.labels, [SERVICE_NAME]: service.metadata.name, [MANAGED_BY_LABEL]: MANAGED_BY };
    if (service.spec.clusterIP === "None") labels["service.kubernetes.io/headless"] = "";
    return labels;
  };

  const bodyOf = (service: KubeObject, content: SliceContent) => ({
    addressType: "IPv4",
    endpoints: content.endpoints,
    ports: content.ports,
    annotations: { [CHANGE_TIME]: rfc3339Seconds(clock.nowMs()) },
    labels: labelsOf(service),
  });

  const create = (service: KubeObject, content: SliceContent): Promise<KubeObject> => {
    const { annotations, labels, ...body } = bodyOf(service, content);
    return client.create(endpointSlices, {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: {
        generateName: `${service.metadata.name}-`,
        namespace: service.metadata.namespace!,
        labels,
        annotations,
        ownerReferences: [controllerReference(service)],
      },
      ...body,
    });
  };

  const update = (service: KubeObject, slice: KubeObject, content: SliceContent): Promise<KubeObject> => {
    const { annotations, labels, ...body } = bodyOf(service, content);
    return client.update(endpointSlices, {
      ...slice,
      ...body,
      metadata: { ...slice.metadata, labels, annotations: { ...slice.metadata.annotations, ...annotations } },
    });
  };

  const remove = async (slice: KubeObject): Promise<void> => {
    try {
      await client.delete(endpointSlices, slice.metadata.namespace, slice.metadata.name, { preconditions: { uid: slice.metadata.uid } });
    } catch (error) {
      if (!isGantryError(error, "NotFound")) throw error;
    }
  };

  return createController(
    {
      name: "endpointslice",
      informers: [services, pods, slices],
      watch: (enqueue) => [
        ...watchServicePods(services, pods, enqueue),
        slices.subscribe({
          onAdd: (slice) => {
            const key = `${slice.metadata.namespace}/${slice.metadata.labels?.[SERVICE_NAME]}`;
            creations.observe(key, slice.metadata.name);
            enqueue(key);
          },
          onUpdate: (slice) => {
            const name = slice.metadata.labels?.[SERVICE_NAME];
            if (name && slice.metadata.labels?.[MANAGED_BY_LABEL] === MANAGED_BY) enqueue(`${slice.metadata.namespace}/${name}`);
          },
          onDelete: (slice) => {
            const name = slice.metadata.labels?.[SERVICE_NAME];
            if (name) enqueue(`${slice.metadata.namespace}/${name}`);
          },
        }),
      ],
      reconcile: async (key) => {
        // A slice that was made but has not come back yet would be made twice.
        if (!creations.satisfied(key)) return;
        const service = services.get(key);
        const existing = slices.byIndex("service", key).filter((slice) => slice.metadata.deletionTimestamp === undefined);
        const managed = service && service.spec.selector && service.spec.type !== "ExternalName";
        if (!managed) {
          for (const slice of existing) await remove(slice);
          return;
        }
        const plan = planSlices(endpointsOf(service, podsOfService(service, pods)), existing);
        for (const content of plan.create) {
          const slice = await create(service, content);
          if (!slices.get(`${slice.metadata.namespace}/${slice.metadata.name}`)) creations.expect(key, slice.metadata.name);
        }
        for (const { slice, content } of plan.update) await update(service, slice, content);
        for (const slice of plan.remove) await remove(slice);
      },
      concurrency: 5,
    },
    dependencies,
  );
}
