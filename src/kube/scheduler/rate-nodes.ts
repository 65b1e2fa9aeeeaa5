import type { Prepared } from "./filter-node.ts";
import type { Look } from "./look-for-nodes.ts";
import type { PointTimer } from "./point-timer.ts";

/** What all plugins together give the nodes that fit, in their order. */
export function rateNodes({ pod, fitting, prepared }: Look, timer: PointTimer): Float64Array {
  const rating = timer.measure("PreScore", () => prepared.filter((one) => rates(one, { pod, fitting })));
  return timer.measure("Score", () => {
    const totals = new Float64Array(fitting.length);
    const scores = new Float64Array(fitting.length);
    for (const { plugin, state } of rating) {
      timer.evaluated("PreScore", plugin, plugin.prepareScore ? 1 : 0);
      timer.evaluated("Score", plugin, fitting.length);
      for (let index = 0; index < fitting.length; index++)
        scores[index] = plugin.score!(pod, fitting[index]!, state);
      plugin.normalize?.(scores, state);
      const { weight = 1 } = plugin;
      for (let index = 0; index < fitting.length; index++) totals[index]! += scores[index]! * weight;
    }
    return totals;
  });
}

function rates({ plugin, state }: Prepared, { pod, fitting }: Pick<Look, "pod" | "fitting">): boolean {
  return plugin.score !== undefined && plugin.prepareScore?.(pod, fitting, state) !== "skip";
}
