import type { WeightedBackend } from "./types.ts";

/** One of them, by weight; none where all weights are 0. */
export function pickBackend(
  backends: readonly WeightedBackend[],
  random: () => number = Math.random,
): WeightedBackend | undefined {
  const total = backends.reduce((sum, { weight }) => sum + weight, 0);
  let left = random() * total;
  return backends.find(({ weight }) => {
    left -= weight;
    return left < 0;
  });
}
