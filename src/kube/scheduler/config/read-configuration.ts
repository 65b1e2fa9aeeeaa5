import { invalidArgument, isGantryError } from "../../../base/index.ts";
import { parseGoDuration } from "../../../formats/index.ts";
import {
  aggregateText,
  duplicate,
  type FieldError,
  invalid,
  readComponentConfig,
  required,
} from "../../api/index.ts";
import {
  EXTENSION_POINTS,
  type GivenConfiguration,
  type GivenProfile,
  KUBE_SCHEDULER_CONFIGURATION,
  type ProfileConfig,
  type SchedulerConfiguration,
} from "./configuration.ts";
import { expandPlugins } from "./expand-plugins.ts";
import { defaultPluginArgs, type PluginArgs, readPluginArgs, takesArgs } from "./plugin-args.ts";
import { REMOVED_PLUGINS } from "./plugin-points.ts";
import { extendersProblems } from "./validate-extenders.ts";
import { pluginArgsProblems } from "./validate-plugin-args.ts";

const VERSION = "kubescheduler.config.k8s.io/v1";
const DEFAULT_NAME = "default-scheduler";

/** What stands where nothing is configured. */
export const defaultConfiguration = (): SchedulerConfiguration => complete({}, [defaultPluginArgs()]);

/** Reads a KubeSchedulerConfiguration in YAML or JSON. Throws InvalidArgument in upstream's words. */
export function readSchedulerConfiguration(text: string): SchedulerConfiguration {
  const { value, strictProblems } = readComponentConfig<GivenConfiguration>(
    text,
    KUBE_SCHEDULER_CONFIGURATION,
  );
  if (strictProblems.length > 0) throw invalidArgument(`strict decoding error: ${strictProblems.join(", ")}`);
  const args = profilesOf(value).map(argsOf);
  const problems = [
    ...generalProblems(value),
    ...extendersProblems(value.extenders ?? [], "extenders"),
    ...profilesOf(value).flatMap((profile, index) => profileProblems(profile, args[index]!, index)),
    ...nameProblems(profilesOf(value)),
  ];
  if (problems.length > 0)
    throw invalidArgument(aggregateText(problems.map(({ field, message }) => `${field}: ${message}`)));
  return complete(value, args);
}

/** One alone need not say its name. */
function profilesOf({ profiles = [] }: GivenConfiguration): readonly GivenProfile[] {
  if (profiles.length > 1) return profiles;
  const [only = {}] = profiles;
  return [{ ...only, schedulerName: only.schedulerName ?? DEFAULT_NAME }];
}

function argsOf({ pluginConfig = [] }: GivenProfile): PluginArgs {
  const args = defaultPluginArgs();
  for (const { name = "", args: given } of pluginConfig)
    if (takesArgs(name)) Object.assign(args, { [name]: readPluginArgs(name, given) });
  return args;
}

function generalProblems(given: GivenConfiguration): FieldError[] {
  const errors: FieldError[] = [];
  const { parallelism = 16, podInitialBackoffSeconds: initial = 1, podMaxBackoffSeconds: max = 10 } = given;
  if (parallelism <= 0)
    errors.push(invalid("parallelism", parallelism, "should be an integer value greater than zero"));
  errors.push(...percentageProblems(given, "percentageOfNodesToScore"));
  if (initial <= 0) errors.push(invalid("podInitialBackoffSeconds", initial, "must be greater than 0"));
  if (max < initial)
    errors.push(
      invalid("podMaxBackoffSeconds", max, "must be greater than or equal to PodInitialBackoffSeconds"),
    );
  for (const [index, { httpTimeout }] of (given.extenders ?? []).entries())
    if (httpTimeout !== undefined && parseGoDuration(httpTimeout) === undefined)
      errors.push(invalid(`extenders[${index}].httpTimeout`, httpTimeout, "is not a duration"));
  return errors;
}

function percentageProblems(
  { percentageOfNodesToScore: percentage }: { percentageOfNodesToScore?: number },
  path: string,
): FieldError[] {
  if (percentage === undefined || (percentage >= 0 && percentage <= 100)) return [];
  return [invalid(path, percentage, "not in valid range [0-100]")];
}

function profileProblems(profile: GivenProfile, args: PluginArgs, at: number): FieldError[] {
  const path = `profiles[${at}]`;
  const errors = percentageProblems(profile, `${path}.percentageOfNodesToScore`);
  if (!profile.schedulerName) errors.unshift(required(`${path}.schedulerName`));
  for (const point of EXTENSION_POINTS) {
    for (const [index, { name }] of (profile.plugins?.[point]?.enabled ?? []).entries())
      errors.push(...removedProblems(name, `${path}.plugins.${point}.enabled[${index}]`));
  }
  const seen = new Set<string>();
  for (const [index, { name = "" }] of (profile.pluginConfig ?? []).entries()) {
    const where = `${path}.pluginConfig[${index}]`;
    if (seen.has(name)) errors.push(duplicate(where, name));
    seen.add(name);
    errors.push(...removedProblems(name, where));
    if (takesArgs(name)) errors.push(...argsProblems(name, args, `${where}.args`));
  }
  return errors;
}

function argsProblems<Name extends keyof PluginArgs>(
  name: Name,
  args: PluginArgs,
  path: string,
): FieldError[] {
  return pluginArgsProblems[name](args[name], path);
}

function removedProblems(name: string, path: string): FieldError[] {
  if (!REMOVED_PLUGINS.includes(name)) return [];
  const why = `was invalid in version "${VERSION}" (KubeSchedulerConfiguration is version "${VERSION}")`;
  return [invalid(path, name, why)];
}

function nameProblems(profiles: readonly GivenProfile[]): FieldError[] {
  const first = new Map<string, number>();
  return profiles.flatMap(({ schedulerName = "" }, index) => {
    const known = first.get(schedulerName);
    first.set(schedulerName, index);
    if (known === undefined) return [];
    return [duplicate(`profiles[${index}].schedulerName`, `profiles[${known}].schedulerName`)];
  });
}

function complete(given: GivenConfiguration, args: readonly PluginArgs[]): SchedulerConfiguration {
  const { extenders = [] } = given;
  const ignored = extenders.flatMap(({ managedResources = [] }) =>
    managedResources.filter((one) => one.ignoredByScheduler).map(({ name = "" }) => name),
  );
  return {
    percentageOfNodesToScore: given.percentageOfNodesToScore ?? 0,
    podInitialBackoffSeconds: given.podInitialBackoffSeconds ?? 1,
    podMaxBackoffSeconds: given.podMaxBackoffSeconds ?? 10,
    profiles: profilesOf(given).map((profile, index) => completeProfile(profile, args[index]!, ignored)),
    extenders,
  };
}

function completeProfile(
  { schedulerName = "", percentageOfNodesToScore, plugins }: GivenProfile,
  args: PluginArgs,
  ignored: readonly string[],
): ProfileConfig {
  try {
    const { NodeResourcesFit: fit } = args;
    const ignoredResources = [...(fit.ignoredResources ?? []), ...ignored];
    return {
      schedulerName,
      percentageOfNodesToScore,
      ...expandPlugins(schedulerName, plugins),
      args: { ...args, NodeResourcesFit: { ...fit, ignoredResources } },
    };
  } catch (error) {
    if (!isGantryError(error)) throw error;
    throw invalidArgument(
      `initializing profiles: creating profile for scheduler name ${schedulerName}: ${error.message}`,
    );
  }
}
