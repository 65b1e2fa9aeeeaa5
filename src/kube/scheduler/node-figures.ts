import type { PodInfo } from "./pod-info.ts";
import type { Resources } from "./resources.ts";

/**
 * What nearly every pod asks of a node, side by side in memory: it is read for hundreds of nodes a pod, where each step from
 * object to object may miss the processor's caches. Amounts as in Resources; what is free may be less than nothing.
 */
export type NodeFigures = Float64Array;

export const FREE_PODS = 0;
export const FREE_CPU = 1;
export const FREE_MEMORY = 2;
/** Allocatable. */
export const CPU = 3;
export const MEMORY = 4;
/** Taken, of requests with assumed minimums, as they are rated. */
export const RATED_CPU = 5;
export const RATED_MEMORY = 6;

/** Of a node without pods. */
export function figuresOf(allocatable: Resources): NodeFigures {
  const [cpu, memory] = [allocatable.get("cpu") ?? 0, allocatable.get("memory") ?? 0];
  return Float64Array.of(allocatable.get("pods") ?? 0, cpu, memory, cpu, memory, 0, 0);
}

/** The node has other amounts now, and the same pods. */
export function setAllocatable(figures: NodeFigures, before: Resources, now: Resources): void {
  const grown = (name: string): number => (now.get(name) ?? 0) - (before.get(name) ?? 0);
  figures[FREE_PODS]! += grown("pods");
  figures[FREE_CPU]! += grown("cpu");
  figures[FREE_MEMORY]! += grown("memory");
  figures[CPU]! += grown("cpu");
  figures[MEMORY]! += grown("memory");
}

/** A pod comes (1) or goes (-1). */
export function countPod(figures: NodeFigures, { requests, scoring }: PodInfo, sign: 1 | -1): void {
  figures[FREE_PODS]! -= sign;
  figures[FREE_CPU]! -= sign * (requests.get("cpu") ?? 0);
  figures[FREE_MEMORY]! -= sign * (requests.get("memory") ?? 0);
  figures[RATED_CPU]! += sign * scoring.cpu;
  figures[RATED_MEMORY]! += sign * scoring.memory;
}
