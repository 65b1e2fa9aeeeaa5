import type { Pod, PodSpec, PodStatus, PodTemplateSpec } from "../../generated/types.ts";
import { containersOf } from "./containers-of.ts";

/**
 * Fields of features that are off by default in 1.33 are dropped, as if nobody had sent them, unless the object has them
 * already (pkg/api/pod DropDisabledPodFields): ClusterTrustBundleProjection, ContainerStopSignals,
 * DynamicResourceAllocation, ImageVolume, PodLevelResources, PodObservedGenerationTracking, ResourceHealthStatus.
 */
export function dropDisabledPodFields(next: Pod, previous?: Pod): void {
  dropDisabledSpecFields(next.spec, previous?.spec);
  if (next.status !== undefined) dropDisabledStatusFields(next.status, next.spec, previous);
}

export function dropDisabledTemplateFields(
  next: PodTemplateSpec | undefined,
  previous?: PodTemplateSpec,
): void {
  if (next?.spec !== undefined) dropDisabledSpecFields(next.spec, previous?.spec);
}

function dropDisabledSpecFields(spec: PodSpec, previous: PodSpec | undefined): void {
  if (previous?.resources === undefined) delete spec.resources;
  if (!previous?.resourceClaims?.length) dropResourceClaims(spec);
  if (!hasTrustBundles(previous)) dropTrustBundles(spec);
  if (!hasImageVolumes(previous)) dropImageVolumes(spec);
  if (!hasStopSignals(previous)) dropStopSignals(spec);
}

function dropResourceClaims(spec: PodSpec): void {
  delete spec.resourceClaims;
  for (const [{ resources }] of containersOf(spec, "")) delete resources?.claims;
}

const projectionsOf = (spec: PodSpec | undefined) =>
  (spec?.volumes ?? []).flatMap((volume) => volume.projected?.sources ?? []);
const hasTrustBundles = (spec: PodSpec | undefined) =>
  projectionsOf(spec).some((source) => source.clusterTrustBundle !== undefined);

function dropTrustBundles(spec: PodSpec): void {
  for (const source of projectionsOf(spec)) delete source.clusterTrustBundle;
}

const hasImageVolumes = (spec: PodSpec | undefined) =>
  (spec?.volumes ?? []).some((volume) => volume.image !== undefined);

function dropImageVolumes(spec: PodSpec): void {
  const names = new Set((spec.volumes ?? []).filter((one) => one.image !== undefined).map((one) => one.name));
  if (names.size === 0) return;
  without(spec, "volumes", names);
  for (const [container] of containersOf(spec, "")) without(container, "volumeMounts", names);
}

function without<F extends string>(
  owner: { [field in F]?: { name: string }[] },
  field: F,
  names: ReadonlySet<string>,
): void {
  const rest = owner[field]?.filter((one) => !names.has(one.name)) ?? [];
  if (rest.length === 0) delete owner[field];
  else owner[field] = rest as (typeof owner)[F];
}

const hasStopSignals = (spec: PodSpec | undefined) =>
  spec !== undefined &&
  containersOf(spec, "").some(([container]) => container.lifecycle?.stopSignal !== undefined);

function dropStopSignals(spec: PodSpec): void {
  for (const [container] of containersOf(spec, "")) {
    if (container.lifecycle?.stopSignal === undefined) continue;
    delete container.lifecycle.stopSignal;
    if (Object.keys(container.lifecycle).length === 0) delete container.lifecycle;
  }
}

function dropDisabledStatusFields(status: PodStatus, spec: PodSpec, previous: Pod | undefined): void {
  if (!spec.resourceClaims?.length) delete status.resourceClaimStatuses;
  for (const list of ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"] as const)
    for (const one of status[list] ?? []) delete one.allocatedResourcesStatus;
  const before = previous?.status;
  const isTracked = before?.observedGeneration || before?.conditions?.some((one) => one.observedGeneration);
  if (isTracked) return;
  delete status.observedGeneration;
  for (const condition of status.conditions ?? []) delete condition.observedGeneration;
}
