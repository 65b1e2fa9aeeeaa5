import { defaultPluginArgs, type PluginArgs } from "../config/index.ts";
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

export interface PluginOptions extends BindVolumesOptions {
  together: Together;
}

const beforeVolumes = (args: PluginArgs) =>
  [
    nodeUnschedulable,
    nodeName,
    taintToleration,
    nodeAffinity(args.NodeAffinity),
    nodePorts,
    nodeResourcesFit(args.NodeResourcesFit),
  ] as unknown as Plugins;

const afterVolumes = (together: Together, args: PluginArgs) =>
  [
    nodeResourcesBalanced(args.NodeResourcesBalancedAllocation),
    podTopologySpread(together, args.PodTopologySpread),
    interPodAffinity(args.InterPodAffinity),
    imageLocality,
  ] as unknown as Plugins;

/** Those that look at nothing but pods and nodes, in the order in which nodes are judged. */
export function podPlugins(together: Together, args: PluginArgs = defaultPluginArgs()): Plugins {
  return [...beforeVolumes(args), ...afterVolumes(together, args)];
}

/**
 * All plugins: as above, with those that look at storage in their place. To add one: add a file, a line here, and its points
 * in `config/plugin-points.ts`.
 */
export function allPlugins(options: PluginOptions, args: PluginArgs = defaultPluginArgs()): Plugins {
  const { objects } = options;
  const timeoutMs = args.VolumeBinding.bindTimeoutSeconds * 1000;
  const ofVolumes = [
    volumeRestrictions(objects),
    nodeVolumeLimits(objects),
    volumeBinding({ ...options, timeoutMs }),
    volumeZone(objects),
  ];
  return [
    ...beforeVolumes(args),
    ...(ofVolumes as unknown as Plugins),
    ...afterVolumes(options.together, args),
  ];
}
