import { isQualifiedName } from "../../../formats/index.ts";
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  invalidEach,
  notSupported,
  required,
  validateNodeSelector,
  validateNodeSelectorTerm,
} from "../../api/index.ts";
import type { PluginArgs, ShapePoint } from "./plugin-args.ts";

const STRATEGIES = ["LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"];
const RATIO = "RequestedToCapacityRatio";
/** What a point of a shape may give (MaxCustomPriorityScore). */
const MAX_SHAPE_SCORE = 10;

type Validators = { [Name in keyof PluginArgs]: (args: PluginArgs[Name], path: string) => FieldError[] };

/** What is wrong with the arguments of plugins (apis/config/validation, pluginargs). */
export const pluginArgsProblems: Validators = {
  DefaultPreemption: (args, path) => {
    const { minCandidateNodesPercentage: percentage, minCandidateNodesAbsolute: absolute } = args;
    const [atPercentage, atAbsolute] = [
      `${path}.minCandidateNodesPercentage`,
      `${path}.minCandidateNodesAbsolute`,
    ];
    const errors = isWithin(atPercentage, percentage, 100);
    if (absolute < 0) errors.push(invalid(atAbsolute, absolute, "not in valid range [0, inf)"));
    if (percentage !== 0 || absolute !== 0) return errors;
    return [
      ...errors,
      invalid(atPercentage, percentage, "cannot be zero at the same time as minCandidateNodesAbsolute"),
      invalid(atAbsolute, absolute, "cannot be zero at the same time as minCandidateNodesPercentage"),
    ];
  },
  InterPodAffinity: ({ hardPodAffinityWeight }, path) =>
    isWithin(`${path}.hardPodAffinityWeight`, hardPodAffinityWeight, 100),
  NodeAffinity: ({ addedAffinity }, path) => {
    const at = `${path}.addedAffinity`;
    const terms = addedAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    const preferred = addedAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    return [
      ...(terms ? validateNodeSelector(terms, `${at}.requiredDuringSchedulingIgnoredDuringExecution`) : []),
      ...preferred.flatMap(({ preference }, index) =>
        validateNodeSelectorTerm(
          preference,
          `${at}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`,
          true,
        ),
      ),
    ];
  },
  NodeResourcesBalancedAllocation: ({ resources }, path) => {
    const seen = new Set<string>();
    return resources.flatMap(({ name, weight }, index) => {
      const at = `${path}.resources[${index}]`;
      const errors = seen.has(name) ? [duplicate(`${at}.name`, name)] : [];
      seen.add(name);
      return weight === 1 ? errors : [...errors, invalid(`${at}.weight`, weight, "must be 1")];
    });
  },
  NodeResourcesFit: (args, path) => {
    const { ignoredResources = [], ignoredResourceGroups = [], scoringStrategy } = args;
    return [
      ...ignoredResources.flatMap((name, index) =>
        invalidEach(`${path}.ignoredResources[${index}]`, name, isQualifiedName(name)),
      ),
      ...ignoredResourceGroups.flatMap((group, index) => {
        const at = `${path}.ignoredResourceGroups[${index}]`;
        const slash = group.includes("/")
          ? [invalid(at, group, "resource group name can't contain '/'")]
          : [];
        return [...slash, ...invalidEach(at, group, isQualifiedName(group))];
      }),
      ...scoringProblems(scoringStrategy, `${path}.scoringStrategy`),
    ];
  },
  PodTopologySpread: spreadProblems,
  VolumeBinding: ({ bindTimeoutSeconds, shape }, path) => {
    const errors: FieldError[] = [];
    if (bindTimeoutSeconds < 0)
      errors.push(
        invalid(
          `${path}.bindTimeoutSeconds`,
          bindTimeoutSeconds,
          "invalid BindTimeoutSeconds, should not be a negative value",
        ),
      );
    if (shape !== undefined)
      errors.push(
        invalid(
          `${path}.shape`,
          shape,
          "unexpected field `shape`, remove it or turn on the feature gate StorageCapacityScoring",
        ),
      );
    return errors;
  },
};

function isWithin(path: string, value: number, most: number): FieldError[] {
  return value >= 0 && value <= most ? [] : [invalid(path, value, `not in valid range [0, ${most}]`)];
}

function scoringProblems(
  { type, resources, requestedToCapacityRatio }: PluginArgs["NodeResourcesFit"]["scoringStrategy"],
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!STRATEGIES.includes(type)) errors.push(notSupported(`${path}.type`, type, STRATEGIES));
  resources.forEach(({ name, weight }, index) => {
    if (weight > 0 && weight <= 100) return;
    const why = `resource weight of ${name} not in valid range (0, 100]`;
    errors.push(invalid(`${path}.resources[${index}].weight`, weight, why));
  });
  const at = `${path}.requestedToCapacityRatio`;
  if (type !== RATIO) {
    if (requestedToCapacityRatio)
      errors.push(forbidden(at, "must be nil when type is not RequestedToCapacityRatio"));
  } else if (!requestedToCapacityRatio) {
    errors.push(required(at, "must be specified when type is RequestedToCapacityRatio"));
  } else errors.push(...shapeProblems(requestedToCapacityRatio.shape ?? [], `${at}.shape`));
  return errors;
}

function shapeProblems(shape: readonly ShapePoint[], path: string): FieldError[] {
  if (shape.length === 0) return [required(path, "at least one point must be specified")];
  const errors: FieldError[] = [];
  const unsorted = shape.findIndex(
    ({ utilization }, index) => index > 0 && (shape[index - 1]!.utilization ?? 0) >= (utilization ?? 0),
  );
  if (unsorted > 0)
    errors.push(
      invalid(
        `${path}[${unsorted}].utilization`,
        shape[unsorted]!.utilization ?? 0,
        "values must be sorted in increasing order",
      ),
    );
  shape.forEach(({ utilization = 0, score = 0 }, index) => {
    errors.push(...isWithin(`${path}[${index}].utilization`, utilization, 100));
    errors.push(...isWithin(`${path}[${index}].score`, score, MAX_SHAPE_SCORE));
  });
  return errors;
}

function spreadProblems(
  { defaultConstraints = [], defaultingType }: PluginArgs["PodTopologySpread"],
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const atType = `${path}.defaultingType`;
  if (defaultingType !== "System" && defaultingType !== "List")
    errors.push(notSupported(atType, defaultingType, ["System", "List"]));
  else if (defaultingType === "System" && defaultConstraints.length > 0)
    errors.push(invalid(atType, defaultingType, "when .defaultConstraints are not empty"));
  const seen = new Set<string>();
  defaultConstraints.forEach((one, index) => {
    const { maxSkew = 0, topologyKey = "", whenUnsatisfiable = "", labelSelector } = one;
    const at = `${path}.defaultConstraints[${index}]`;
    if (maxSkew <= 0) errors.push(invalid(`${at}.maxSkew`, maxSkew, "not in valid range (0, inf)"));
    if (topologyKey === "") errors.push(required(`${at}.topologyKey`, "can not be empty"));
    else errors.push(...invalidEach(`${at}.topologyKey`, topologyKey, isQualifiedName(topologyKey)));
    if (whenUnsatisfiable === "") errors.push(required(`${at}.whenUnsatisfiable`, "can not be empty"));
    else if (whenUnsatisfiable !== "DoNotSchedule" && whenUnsatisfiable !== "ScheduleAnyway")
      errors.push(
        notSupported(`${at}.whenUnsatisfiable`, whenUnsatisfiable, ["DoNotSchedule", "ScheduleAnyway"]),
      );
    if (labelSelector !== undefined)
      errors.push(
        forbidden(
          `${at}.labelSelector`,
          "constraint must not define a selector, as they deduced for each pod",
        ),
      );
    const key = `{${topologyKey}, ${whenUnsatisfiable}}`;
    if (seen.has(key)) errors.push(duplicate(at, key));
    seen.add(key);
  });
  return errors;
}
