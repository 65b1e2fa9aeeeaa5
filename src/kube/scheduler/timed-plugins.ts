import { PodRefusal, type Refusal, type SchedulingPlugin } from "./framework.ts";
import type { PluginStatus, PointTimer } from "./point-timer.ts";

type Plugin = SchedulingPlugin<unknown>;

/** Of so many nodes an attempt the times are taken: there may be thousands. */
const TIMED_NODES = 100;

/** The same plugins, whose times are taken. They are used one attempt at a time. */
export function timedPlugins(plugins: readonly Plugin[], timer: PointTimer): readonly Plugin[] {
  return plugins.map((plugin) => timed(plugin, timer));
}

function timed(plugin: Plugin, timer: PointTimer): Plugin {
  const { name, prepare, filter, prepareScore, score, normalize } = plugin;
  let filtersLeft = 0;
  let scoresLeft = 0;
  return {
    ...plugin,
    prepare: (pod, snapshot) => {
      filtersLeft = TIMED_NODES;
      scoresLeft = TIMED_NODES;
      return prepare && timer.measurePlugin("PreFilter", name, () => prepare(pod, snapshot), prepared);
    },
    ...(filter && {
      filter: (pod, node, state) => {
        if (filtersLeft-- <= 0) return filter(pod, node, state);
        return timer.measurePlugin("Filter", name, () => filter(pod, node, state), judged);
      },
    }),
    ...(prepareScore && {
      prepareScore: (pod, nodes, state) =>
        timer.measurePlugin("PreScore", name, () => prepareScore(pod, nodes, state), prepared),
    }),
    ...(score && {
      score: (pod, node, state) => {
        if (scoresLeft-- <= 0) return score(pod, node, state);
        return timer.measurePlugin("Score", name, () => score(pod, node, state));
      },
    }),
    ...(normalize && {
      normalize: (scores, state) =>
        timer.measurePlugin("ScoreExtensionNormalize", name, () => normalize(scores, state)),
    }),
  };
}

function prepared(state: unknown): PluginStatus {
  if (state === "skip") return "Skip";
  return state instanceof PodRefusal ? "UnschedulableAndUnresolvable" : "Success";
}

function judged(refusals: readonly Refusal[] | undefined): PluginStatus {
  if (refusals === undefined || refusals.length === 0) return "Success";
  return refusals.some(({ unresolvable }) => unresolvable) ? "UnschedulableAndUnresolvable" : "Unschedulable";
}
