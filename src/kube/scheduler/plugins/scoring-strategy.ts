import type { ScoringStrategy } from "../config/index.ts";
import { MAX_SCORE } from "../framework.ts";
import { CPU, MEMORY, RATED_CPU, RATED_MEMORY } from "../node-figures.ts";
import type { NodeInfo } from "../node-info.ts";
import type { PodInfo } from "../pod-info.ts";

/** A shape's scores go to 10, those of nodes to 100. */
const SHAPE_FACTOR = 10;

interface Point {
  utilization: number;
  score: number;
}

type ScoreOf = (used: number, capacity: number) => number;

/** How much would still be free, of 100. */
const least: ScoreOf = (used, capacity) =>
  used > capacity ? 0 : Math.floor(((capacity - used) * MAX_SCORE) / capacity);

/** How much would be taken, of 100. */
const most: ScoreOf = (used, capacity) => Math.floor((Math.min(used, capacity) * MAX_SCORE) / capacity);

/** Along the lines between the points of a shape (helper BuildBrokenLinearFunction); divides as Go does, towards zero. */
function ratio(points: readonly Point[]): ScoreOf {
  const rate = (utilization: number): number => {
    const next = points.findIndex((point) => utilization <= point.utilization);
    if (next === -1) return points.at(-1)!.score;
    const to = points[next]!;
    if (next === 0) return to.score;
    const from = points[next - 1]!;
    const rise = (to.score - from.score) * (utilization - from.utilization);
    return from.score + Math.trunc(rise / (to.utilization - from.utilization));
  };
  return (used, capacity) => rate(used > capacity ? 100 : Math.floor((used * 100) / capacity));
}

/** Rates a node by what of its resources would be taken, as the strategy says (noderesources resource_allocation). */
export function scoringStrategy(strategy: ScoringStrategy): (node: NodeInfo, pod: PodInfo) => number {
  const { type, resources, requestedToCapacityRatio } = strategy;
  const isRatio = type === "RequestedToCapacityRatio";
  const points = (requestedToCapacityRatio?.shape ?? []).map(({ utilization = 0, score = 0 }) => ({
    utilization,
    score: score * SHAPE_FACTOR,
  }));
  const scoreOf = isRatio ? ratio(points) : type === "MostAllocated" ? most : least;
  return (node, pod) => {
    let total = 0;
    let weights = 0;
    for (const { name, weight } of resources) {
      const capacity = capacityOf(name, node);
      // What a node does not have is not counted.
      if (capacity === 0) continue;
      const used = usedOf(name, node, pod);
      if (used === undefined) continue;
      const score = scoreOf(used, capacity);
      if (isRatio && score <= 0) continue;
      total += score * weight;
      weights += weight;
    }
    if (weights === 0) return 0;
    return isRatio ? Math.round(total / weights) : Math.floor(total / weights);
  };
}

function capacityOf(name: string, { figures, allocatable }: NodeInfo): number {
  if (name === "cpu") return figures[CPU]!;
  return name === "memory" ? figures[MEMORY]! : (allocatable.get(name) ?? 0);
}

/** What would be taken with the pod; undefined where it asks for none of a resource that only some pods use. */
function usedOf(name: string, node: NodeInfo, pod: PodInfo): number | undefined {
  if (name === "cpu") return node.figures[RATED_CPU]! + pod.scoring.cpu;
  if (name === "memory") return node.figures[RATED_MEMORY]! + pod.scoring.memory;
  const request = pod.requests.get(name) ?? 0;
  if (request === 0 && name !== "ephemeral-storage") return undefined;
  return (node.requested.get(name) ?? 0) + request;
}
