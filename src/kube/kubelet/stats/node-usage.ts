import type { NodeUsage, UsageFigures } from "../../client/node-access.ts";
import { podsInSample } from "./pods-in-sample.ts";
import { cpuSpeed, type Sampled, type UsageSample } from "./usage-sampler.ts";

/** A sample as the metrics API tells it: pods of whose containers all have a speed, for parts of a pod would mislead a scaler. */
export function nodeUsage(sample: UsageSample): NodeUsage {
  const pods: NodeUsage["pods"] = [];
  for (const { uid, containers } of podsInSample(sample)) {
    const told = containers.flatMap((one) => {
      const figures = figuresOf(one);
      return figures ? [{ name: one.status.metadata.name, ...figures }] : [];
    });
    if (told.length === containers.length) pods.push({ uid, containers: told });
  }
  return { node: figuresOf(sample.node), pods };
}

function figuresOf(
  sampled: Sampled<{ readAtMs: number; cpuUsageNs: number; memoryWorkingSetBytes: number }>,
): UsageFigures | undefined {
  const speed = cpuSpeed(sampled);
  if (!speed) return undefined;
  const { readAtMs, memoryWorkingSetBytes } = sampled.usage;
  return { readAtMs, windowMs: speed.windowMs, cpuNanoCores: speed.nanoCores, memoryWorkingSetBytes };
}
