import { GantryError } from "../../../base/index.ts";
import {
  EXTENSION_POINTS,
  type ExtensionPoint,
  type PluginEntry,
  type PluginSet,
  type PluginSets,
} from "./configuration.ts";
import { DEFAULT_PLUGINS, PLUGIN_POINTS } from "./plugin-points.ts";

/** `PreFilterPlugin`, as upstream's messages name what takes part at a point. */
const typeOf = (point: ExtensionPoint): string => `${point[0]!.toUpperCase()}${point.slice(1)}Plugin`;

const refused = (message: string) =>
  new GantryError("InvalidArgument", message, { code: "Scheduler.Configuration" });

export interface ExpandedPlugins {
  points: Record<ExtensionPoint, readonly string[]>;
  weights: ReadonlyMap<string, number>;
}

/**
 * Which plugins run at each point: those named there that replace a general one, then those of `multiPoint`, then the others
 * named there (framework/runtime expandMultiPointPlugins). Throws InvalidArgument in upstream's words.
 */
export function expandPlugins(schedulerName: string, given: PluginSets = {}): ExpandedPlugins {
  const general = merged(DEFAULT_PLUGINS, given.multiPoint);
  const points = Object.fromEntries(
    EXTENSION_POINTS.map((point) => [point, pluginsAt(point, general, given[point])]),
  ) as Record<ExtensionPoint, readonly string[]>;
  const { queueSort, bind } = points;
  if (queueSort.length !== 1)
    throw refused(
      `only one queue sort plugin required for profile with scheduler name ${JSON.stringify(schedulerName)}, but got ${queueSort.length}`,
    );
  if (bind.length === 0)
    throw refused(
      `at least one bind plugin is needed for profile with scheduler name ${JSON.stringify(schedulerName)}`,
    );
  const weights = new Map<string, number>();
  for (const { name, weight } of [...(given.score?.enabled ?? []), ...general])
    if (!weights.has(name)) weights.set(name, weight || 1);
  return { points, weights };
}

/** The defaults without those that are disabled, each as it is named anew, and then what is added (mergePluginSet). */
function merged(
  defaults: readonly PluginEntry[],
  { enabled = [], disabled = [] }: PluginSet = {},
): PluginEntry[] {
  const isOff = new Set(disabled.map(({ name }) => name));
  const kept = isOff.has("*") ? [] : defaults.filter(({ name }) => !isOff.has(name));
  const replaced = new Set<PluginEntry>();
  const own = kept.map((one) => {
    const named = enabled.findLast(({ name }) => name === one.name);
    if (named) replaced.add(named);
    return named ?? one;
  });
  return [...own, ...enabled.filter((one) => !replaced.has(one))];
}

function pluginsAt(
  point: ExtensionPoint,
  general: readonly PluginEntry[],
  { enabled = [], disabled = [] }: PluginSet = {},
): readonly string[] {
  const named = new Set<string>();
  for (const { name } of enabled) {
    const takesPart = PLUGIN_POINTS[name];
    if (!takesPart) throw refused(`${typeOf(point)} ${JSON.stringify(name)} does not exist`);
    if (!takesPart.includes(point))
      throw refused(`plugin ${JSON.stringify(name)} does not extend ${typeOf(point)} plugin`);
    if (named.has(name)) throw refused(alreadyRegistered(name, point));
    named.add(name);
  }
  const isOff = new Set(disabled.map(({ name }) => name));
  const replacing = new Set<string>();
  const multiple = new Set<string>();
  for (const { name } of general) {
    const takesPart = PLUGIN_POINTS[name];
    if (!takesPart) throw refused(`${typeOf(point)} ${JSON.stringify(name)} does not exist`);
    if (!takesPart.includes(point) || isOff.has(name) || isOff.has("*")) continue;
    if (named.has(name)) replacing.add(name);
    else if (multiple.has(name)) throw refused(alreadyRegistered(name, point));
    else multiple.add(name);
  }
  const others = [...named].filter((name) => !replacing.has(name));
  return [...[...named].filter((name) => replacing.has(name)), ...multiple, ...others];
}

const alreadyRegistered = (name: string, point: ExtensionPoint): string =>
  `plugin ${JSON.stringify(name)} already registered as ${JSON.stringify(typeOf(point))}`;
