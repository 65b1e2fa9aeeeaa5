import type { EndpointSlice, Service } from "../../api/index.ts";
import {
  endpointSlices,
  endpoints as endpointsResource,
  services as servicesResource,
} from "../../api/index.ts";
import type { ApiObject } from "../../api/types.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { planSlices } from "../endpointslice/plan.ts";
import { planHints } from "../endpointslice/slice-hints.ts";
import { MANAGED_BY, SERVICE_NAME, SliceWriter, sliceLabels } from "../endpointslice/slice-writer.ts";
import { Expectations } from "../expectations.ts";
import { keyOf } from "../object-key.ts";
import { mirroredGroups } from "./mirrored.ts";

const MANAGER = "endpointslicemirroring-controller.k8s.io";
const SKIP = "endpointslice.kubernetes.io/skip-mirror";
const LEADER = "control-plane.alpha.kubernetes.io/leader";

/**
 * Makes slices of Endpoints that people write by hand for Services without a selector, because the proxy and cluster DNS
 * read slices only. The slices belong to the Endpoints object and go with it.
 */
export function createEndpointSliceMirroringController(dependencies: ControllerDependencies): Controller {
  const { client, informers, clock } = dependencies;
  const services = informers.informer(servicesResource);
  const endpoints = informers.informer(endpointsResource);
  const slices = informers.informer(endpointSlices);
  const creations = new Expectations(clock);
  const writer = new SliceWriter({ client, clock, slices });

  const keyOfSlice = ({ metadata: { namespace, labels = {} } }: EndpointSlice): string | undefined =>
    labels[MANAGED_BY] === MANAGER && labels[SERVICE_NAME]
      ? `${namespace}/${labels[SERVICE_NAME]}`
      : undefined;
  slices.addIndex("mirrored", (slice) => [keyOfSlice(slice)].filter((key) => key !== undefined));

  const isMirrored = (service: Service | undefined, source: ApiObject | undefined): boolean =>
    service !== undefined &&
    source !== undefined &&
    !service.spec.selector &&
    source.metadata.labels?.[SKIP] !== "true" &&
    source.metadata.annotations?.[LEADER] === undefined;

  const reconcile = async (key: string): Promise<void> => {
    if (!creations.satisfied(key)) return;
    const source = endpoints.get(key);
    const existing = slices
      .byIndex("mirrored", key)
      .filter((slice) => slice.metadata.deletionTimestamp === undefined);
    const groups = isMirrored(services.get(key), source) ? mirroredGroups(source!) : [];
    if (groups.length === 0) {
      for (const slice of existing) await writer.remove(slice);
      return;
    }
    const labels = sliceLabels({ metadata: source!.metadata, spec: services.get(key)!.spec }, MANAGER);
    const plan = planSlices(groups, existing, labels);
    planHints(plan, "none", undefined);
    for (const content of plan.create) {
      const slice = await writer.create(source!, labels, content);
      if (slice && !slices.get(keyOf(slice))) creations.expect(key, slice.metadata.name);
    }
    for (const { slice, content } of plan.update) await writer.update(slice, labels, content);
    for (const slice of plan.remove) await writer.remove(slice);
  };

  return createController(
    {
      name: "endpointslice-mirroring",
      informers: [services, endpoints, slices],
      watch: (enqueue) => {
        const concern = (one: ApiObject): void => enqueue(keyOf(one));
        const concernSlice = (slice: EndpointSlice): void => {
          const key = keyOfSlice(slice);
          if (key === undefined) return;
          creations.observe(key, slice.metadata.name);
          enqueue(key);
        };
        return [
          services.subscribe({ onAdd: concern, onUpdate: concern, onDelete: concern }),
          endpoints.subscribe({ onAdd: concern, onUpdate: concern, onDelete: concern }),
          slices.subscribe({ onAdd: concernSlice, onUpdate: concernSlice, onDelete: concernSlice }),
        ];
      },
      reconcile,
    },
    dependencies,
  );
}
