import type { SchedulingPlugin } from "../framework.ts";
import { imageLocality } from "./image-locality.ts";
import { interPodAffinity } from "./inter-pod-affinity.ts";
import { nodeAffinity } from "./node-affinity.ts";
import { nodeName } from "./node-name.ts";
import { nodePorts } from "./node-ports.ts";
import { nodeResourcesBalanced } from "./node-resources-balanced.ts";
import { nodeResourcesFit } from "./node-resources-fit.ts";
import { nodeUnschedulable } from "./node-unschedulable.ts";
import { podTopologySpread } from "./pod-topology-spread.ts";
import { taintToleration } from "./taint-toleration.ts";

/** The default profile, in the order in which nodes are judged. To add a plugin: add a file and a line. */
export const defaultPlugins: readonly SchedulingPlugin<never>[] = [
  nodeUnschedulable,
  nodeName,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
  nodeResourcesBalanced,
  podTopologySpread,
  interPodAffinity,
  imageLocality,
] as unknown as readonly SchedulingPlugin<never>[];
