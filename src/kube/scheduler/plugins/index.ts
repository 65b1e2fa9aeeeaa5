import type { SchedulingPlugin } from "../framework.ts";
import type { BindVolumesOptions } from "../volumes/bind-volumes.ts";
import { imageLocality } from "./image-locality.ts";
import { interPodAffinity } from "./inter-pod-affinity.ts";
import { nodeAffinity } from "./node-affinity.ts";
import { nodeName } from "./node-name.ts";
import { nodePorts } from "./node-ports.ts";
import { nodeResourcesBalanced } from "./node-resources-balanced.ts";
import { nodeResourcesFit } from "./node-resources-fit.ts";
import { nodeUnschedulable } from "./node-unschedulable.ts";
import { nodeVolumeLimits } from "./node-volume-limits.ts";
import { podTopologySpread, type Together } from "./pod-topology-spread.ts";
import { taintToleration } from "./taint-toleration.ts";
import { volumeBinding } from "./volume-binding.ts";
import { volumeRestrictions } from "./volume-restrictions.ts";
import { volumeZone } from "./volume-zone.ts";

type Plugins = readonly SchedulingPlugin<never>[];

const BEFORE_VOLUMES = [
  nodeUnschedulable,
  nodeName,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
] as unknown as Plugins;
const afterVolumes = (together: Together) =>
  [nodeResourcesBalanced, podTopologySpread(together), interPodAffinity, imageLocality] as unknown as Plugins;

/** Those that look at nothing but pods and nodes, in the order in which nodes are judged. To add one: add a file and a line. */
export function podPlugins(together: Together): Plugins {
  return [...BEFORE_VOLUMES, ...afterVolumes(together)];
}

/** The default profile: as above, with those that look at storage in their place. */
export function defaultProfile(options: BindVolumesOptions & { together: Together }): Plugins {
  const { objects } = options;
  const ofVolumes = [
    volumeRestrictions(objects),
    nodeVolumeLimits(objects),
    volumeBinding(options),
    volumeZone(objects),
  ];
  return [...BEFORE_VOLUMES, ...(ofVolumes as unknown as Plugins), ...afterVolumes(options.together)];
}
