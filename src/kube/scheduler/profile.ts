import type { ProfileConfig, SchedulerConfiguration } from "./config/index.ts";
import type { ExtenderCalls } from "./extenders/ask-extenders.ts";
import type { SchedulingPlugin } from "./framework.ts";
import { allPlugins, type PluginOptions } from "./plugins/index.ts";
import type { PointTimer } from "./point-timer.ts";
import { NodeSelector, type NodeSelectorOptions } from "./select-node.ts";

type Plugins = readonly SchedulingPlugin<never>[];

/** How pods of one schedulerName get their nodes. */
export interface Profile {
  readonly name: string;
  /** In the order in which they judge nodes. */
  readonly plugins: Plugins;
  readonly selector: NodeSelector;
  readonly timer: PointTimer;
  /** Whether a pod with scheduling gates waits for them to go. */
  readonly heedsGates: boolean;
}

export interface ProfileOptions {
  plugins: PluginOptions;
  /** Instead of those that the configuration names. */
  given?: Plugins | undefined;
  general: Pick<SchedulerConfiguration, "percentageOfNodesToScore">;
  budgets: NonNullable<NodeSelectorOptions["budgets"]>;
  extenders: ExtenderCalls | undefined;
  timerOf(profile: string): PointTimer;
}

export function createProfile(config: ProfileConfig, options: ProfileOptions): Profile {
  const { schedulerName: name, points, args } = config;
  const { general, budgets, extenders, given } = options;
  const plugins = given ?? configured(allPlugins(options.plugins, args), config);
  const timer = options.timerOf(name);
  const drivesOut = points.postFilter.includes("DefaultPreemption");
  const selector = new NodeSelector(plugins, {
    budgets,
    percentageOfNodesToScore: config.percentageOfNodesToScore ?? general.percentageOfNodesToScore,
    preemption: drivesOut ? args.DefaultPreemption : undefined,
    timer,
    ...(extenders ? { extenders } : {}),
  });
  return { name, plugins, selector, timer, heedsGates: points.preEnqueue.includes("SchedulingGates") };
}

/** Each plugin as much as the configuration lets it take part. */
function configured(all: Plugins, { points, weights }: ProfileConfig): Plugins {
  const isIn = Object.fromEntries(Object.entries(points).map(([point, names]) => [point, new Set(names)]));
  const masked = all.map((plugin): SchedulingPlugin<never> => {
    const { name, weight = 1 } = plugin;
    const rated = isIn.score!.has(name) ? { weight: weights.get(name) ?? weight } : { score: undefined };
    return {
      ...plugin,
      ...rated,
      ...(isIn.filter!.has(name) ? {} : { filter: undefined }),
      ...(isIn.preFilter!.has(name) ? {} : { namedNodes: undefined }),
      ...(isIn.reserve!.has(name) ? {} : { reserve: undefined, unreserve: undefined }),
      ...(isIn.preBind!.has(name) ? {} : { preBind: undefined }),
    } as SchedulingPlugin<never>;
  });
  const place = ({ name }: { name: string }): number => {
    const index = points.filter.indexOf(name);
    return index === -1 ? points.filter.length : index;
  };
  const takesPart = ({ filter, score, reserve, preBind }: SchedulingPlugin<never>): boolean =>
    [filter, score, reserve, preBind].some((one) => one !== undefined);
  return masked.filter(takesPart).sort((a, b) => place(a) - place(b));
}
