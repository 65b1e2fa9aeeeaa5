import type { EndpointSlice, Service } from "../../api/index.ts";
import {
  endpointSlices,
  nodes as nodesResource,
  pods as podsResource,
  services as servicesResource,
} from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { Expectations } from "../expectations.ts";
import { keyOf } from "../object-key.ts";
import { controllerOf } from "../owner.ts";
import { hasManagedEndpoints, indexByLabels, podsOfService, watchServicePods } from "../service-pods.ts";
import { endpointsOf } from "./endpoints-of.ts";
import { planSlices, type SlicePlan } from "./plan.ts";
import { type HintMode, hintMode, planHints } from "./slice-hints.ts";
import { MANAGED_BY, SERVICE_NAME, SliceWriter, sliceLabels } from "./slice-writer.ts";
import { isNodeReady, zoneRatios } from "./zone-shares.ts";

const MANAGER = "endpointslice-controller.k8s.io";

/** Keeps the EndpointSlices of every Service with a selector. The garbage collector removes those of deleted ones. */
export function createEndpointSliceController(dependencies: ControllerDependencies): Controller {
  const { client, informers, clock, recorder } = dependencies;
  const services = informers.informer(servicesResource);
  const pods = informers.informer(podsResource);
  const nodes = informers.informer(nodesResource);
  const slices = informers.informer(endpointSlices);
  const creations = new Expectations(clock);
  const writer = new SliceWriter({ client, clock, slices });
  /** Services whose endpoints have hints by the zones' shares. */
  const shared = new Set<string>();
  indexByLabels(pods);

  /** The Service that one of our slices belongs to. */
  const serviceKey = ({ metadata: { namespace, labels = {} } }: EndpointSlice): string | undefined =>
    labels[MANAGED_BY] === MANAGER && labels[SERVICE_NAME]
      ? `${namespace}/${labels[SERVICE_NAME]}`
      : undefined;
  slices.addIndex("service", (slice) => [serviceKey(slice)].filter((key) => key !== undefined));

  const hint = (key: string, service: Service, plan: SlicePlan): void => {
    const mode = hintMode(service);
    const why = planHints(plan, mode, mode === "auto" ? zoneRatios(nodes.list()) : undefined);
    const had = shared.has(key);
    const has = mode === "auto" && why === undefined;
    if (has) shared.add(key);
    else shared.delete(key);
    const tell = (type: "Normal" | "Warning", reason: string, message: string) =>
      recorder.event(service, type, reason, `${message}, addressType: IPv4`);
    const disabled = "Topology Aware Hints has been disabled";
    if (has && !had) tell("Normal", "TopologyAwareHintsEnabled", "Topology Aware Hints has been enabled");
    if (why !== undefined || (had && !has)) tell("Warning", "TopologyAwareHintsDisabled", why ?? disabled);
  };

  const reconcile = async (key: string): Promise<void> => {
    // A slice that was made but has not come back yet would be made twice.
    if (!creations.satisfied(key)) return;
    const service = services.get(key);
    if (!service) {
      shared.delete(key);
      return creations.forget(key);
    }
    if (!hasManagedEndpoints(service) || service.metadata.deletionTimestamp !== undefined) return;
    const existing = slices
      .byIndex("service", key)
      .filter((slice) => slice.metadata.deletionTimestamp === undefined);
    // Slices of an earlier Service of the same name are not taken over: they are about to be collected.
    const own = existing.filter((slice) => controllerOf(slice)?.uid === service.metadata.uid);
    const labels = sliceLabels(service, MANAGER);
    const plan = planSlices(endpointsOf(service, podsOfService(service, pods), nodes), own, labels);
    hint(key, service, plan);
    for (const content of plan.create) {
      const slice = await writer.create(service, labels, content);
      if (slice && !slices.get(keyOf(slice))) creations.expect(key, slice.metadata.name);
    }
    for (const { slice, content } of plan.update) await writer.update(slice, labels, content);
    for (const slice of plan.remove) await writer.remove(slice);
    for (const slice of existing) if (!own.includes(slice)) await writer.remove(slice);
  };

  return createController(
    {
      name: "endpointslice",
      informers: [services, pods, nodes, slices],
      watch: (enqueue) => {
        const concern = (slice: EndpointSlice): void => {
          const key = serviceKey(slice);
          if (key === undefined) return;
          creations.observe(key, slice.metadata.name);
          enqueue(key);
        };
        const everybody = (mode?: HintMode): void => {
          for (const service of services.list()) {
            const isMeant = mode === undefined || hintMode(service) === mode;
            if (isMeant && hasManagedEndpoints(service)) enqueue(keyOf(service));
          }
        };
        return [
          ...watchServicePods(services, pods, enqueue),
          slices.subscribe({
            onAdd: concern,
            onUpdate: (slice, previous) => {
              concern(slice);
              if (serviceKey(slice) !== serviceKey(previous)) concern(previous);
            },
            onDelete: concern,
          }),
          nodes.subscribe({
            onAdd: () => everybody(),
            onUpdate: (node, previous) => {
              if (JSON.stringify(node.metadata.labels) !== JSON.stringify(previous.metadata.labels))
                everybody();
              else if (isNodeReady(node) !== isNodeReady(previous)) everybody("auto");
            },
            onDelete: () => everybody(),
          }),
        ];
      },
      reconcile,
    },
    dependencies,
  );
}
