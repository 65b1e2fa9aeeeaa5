import { dump } from "js-yaml";
import { describe, expect, it } from "vitest";
import { defaultConfiguration, readSchedulerConfiguration } from "./read-configuration.ts";

const text = (fields: object): string =>
  dump({ apiVersion: "kubescheduler.config.k8s.io/v1", kind: "KubeSchedulerConfiguration", ...fields });
const read = (fields: object) => readSchedulerConfiguration(text(fields));
const profile = (fields: object) => read({ profiles: [fields] }).profiles[0]!;
const refusal = (fields: object): string => {
  try {
    read(fields);
  } catch (error) {
    return (error as Error).message;
  }
  return "";
};
const withArgs = (name: string, args: object) => ({ profiles: [{ pluginConfig: [{ name, args }] }] });
const withPlugins = (plugins: object) => ({ profiles: [{ plugins }] });

describe("a KubeSchedulerConfiguration", () => {
  it("that says nothing is what stands without one", () => {
    expect(read({})).toEqual(defaultConfiguration());
    const [only] = defaultConfiguration().profiles;
    expect(only!.schedulerName).toBe("default-scheduler");
    expect(only!.points.score).toEqual([
      "TaintToleration",
      "NodeAffinity",
      "NodeResourcesFit",
      "VolumeBinding",
      "PodTopologySpread",
      "InterPodAffinity",
      "NodeResourcesBalancedAllocation",
      "ImageLocality",
    ]);
    expect(only!.weights.get("TaintToleration")).toBe(3);
    expect(only!.weights.get("VolumeBinding")).toBe(1);
  });

  it("turns plugins off at one point, at all, and puts them before the others", () => {
    const one = profile({
      plugins: {
        multiPoint: { disabled: [{ name: "ImageLocality" }], enabled: [{ name: "NodeAffinity", weight: 7 }] },
        filter: { disabled: [{ name: "NodePorts" }], enabled: [{ name: "NodeResourcesFit" }] },
        score: { disabled: [{ name: "*" }], enabled: [{ name: "TaintToleration", weight: 9 }] },
      },
    });
    expect(one.points.filter.slice(0, 4)).toEqual([
      "NodeResourcesFit",
      "NodeUnschedulable",
      "NodeName",
      "TaintToleration",
    ]);
    expect(one.points.filter).not.toContain("NodePorts");
    expect(one.points.preFilter).toContain("NodePorts");
    expect(one.points.score).toEqual(["TaintToleration"]);
    expect(one.weights.get("TaintToleration")).toBe(9);
    expect(one.weights.get("NodeAffinity")).toBe(7);
    expect(
      profile({
        plugins: {
          multiPoint: {
            disabled: [{ name: "*" }],
            enabled: [{ name: "PrioritySort" }, { name: "DefaultBinder" }],
          },
        },
      }).points.filter,
    ).toEqual([]);
  });

  it("gives what the extenders manage to the plugin that would count it", () => {
    const { profiles } = read({
      extenders: [{ urlPrefix: "http://x", managedResources: [{ name: "a.b/c", ignoredByScheduler: true }] }],
    });
    expect(profiles[0]!.args.NodeResourcesFit.ignoredResources).toEqual(["a.b/c"]);
  });

  const strategy = (scoringStrategy: object) => withArgs("NodeResourcesFit", { scoringStrategy });
  const shape = (points: object[]) =>
    strategy({ type: "RequestedToCapacityRatio", requestedToCapacityRatio: { shape: points } });
  const at = "profiles[0].pluginConfig[0].args";

  it.each<[given: object, message: string]>([
    [{ kind: "Other" }, 'no kind "Other" is registered for version "kubescheduler.config.k8s.io/v1"'],
    [{ profles: [] }, 'strict decoding error: unknown field "profles"'],
    [{ parallelism: 0 }, "parallelism: Invalid value: 0: should be an integer value greater than zero"],
    [
      { percentageOfNodesToScore: 101 },
      "percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100]",
    ],
    [
      { profiles: [{ percentageOfNodesToScore: -1 }] },
      "profiles[0].percentageOfNodesToScore: Invalid value: -1: not in valid range [0-100]",
    ],
    [
      { podInitialBackoffSeconds: 0, podMaxBackoffSeconds: -1 },
      "[podInitialBackoffSeconds: Invalid value: 0: must be greater than 0, podMaxBackoffSeconds: Invalid value: -1: must be greater than or equal to PodInitialBackoffSeconds]",
    ],
    [
      { profiles: [{ schedulerName: "a" }, { schedulerName: "a" }] },
      'profiles[1].schedulerName: Duplicate value: "profiles[0].schedulerName"',
    ],
    [{ profiles: [{ schedulerName: "a" }, {}] }, "profiles[1].schedulerName: Required value"],
    [
      withPlugins({ score: { enabled: [{ name: "EBSLimits" }] } }),
      'profiles[0].plugins.score.enabled[0]: Invalid value: "EBSLimits": was invalid in version "kubescheduler.config.k8s.io/v1" (KubeSchedulerConfiguration is version "kubescheduler.config.k8s.io/v1")',
    ],
    [
      withPlugins({ filter: { enabled: [{ name: "Nobody" }] } }),
      'initializing profiles: creating profile for scheduler name default-scheduler: FilterPlugin "Nobody" does not exist',
    ],
    [
      withPlugins({ filter: { enabled: [{ name: "ImageLocality" }] } }),
      'initializing profiles: creating profile for scheduler name default-scheduler: plugin "ImageLocality" does not extend FilterPlugin plugin',
    ],
    [
      withPlugins({ score: { enabled: [{ name: "ImageLocality" }, { name: "ImageLocality" }] } }),
      'initializing profiles: creating profile for scheduler name default-scheduler: plugin "ImageLocality" already registered as "ScorePlugin"',
    ],
    [
      withPlugins({ queueSort: { disabled: [{ name: "*" }] } }),
      'initializing profiles: creating profile for scheduler name default-scheduler: only one queue sort plugin required for profile with scheduler name "default-scheduler", but got 0',
    ],
    [
      withPlugins({ bind: { disabled: [{ name: "DefaultBinder" }] } }),
      'initializing profiles: creating profile for scheduler name default-scheduler: at least one bind plugin is needed for profile with scheduler name "default-scheduler"',
    ],
    [
      { profiles: [{ pluginConfig: [{ name: "NodeAffinity" }, { name: "NodeAffinity" }] }] },
      'profiles[0].pluginConfig[1]: Duplicate value: "NodeAffinity"',
    ],
    [
      withArgs("NodeAffinity", { added: {} }),
      'decoding args for plugin NodeAffinity: strict decoding error: unknown field "added"',
    ],
    [
      withArgs("NodeAffinity", { kind: "VolumeBindingArgs" }),
      "args for plugin NodeAffinity were not of type NodeAffinityArgs, got VolumeBindingArgs",
    ],
    [
      withArgs("DefaultPreemption", { minCandidateNodesPercentage: 0, minCandidateNodesAbsolute: 0 }),
      `[${at}.minCandidateNodesPercentage: Invalid value: 0: cannot be zero at the same time as minCandidateNodesAbsolute, ${at}.minCandidateNodesAbsolute: Invalid value: 0: cannot be zero at the same time as minCandidateNodesPercentage]`,
    ],
    [
      withArgs("InterPodAffinity", { hardPodAffinityWeight: 101 }),
      `${at}.hardPodAffinityWeight: Invalid value: 101: not in valid range [0, 100]`,
    ],
    [
      withArgs("VolumeBinding", { bindTimeoutSeconds: -1 }),
      `${at}.bindTimeoutSeconds: Invalid value: -1: invalid BindTimeoutSeconds, should not be a negative value`,
    ],
    [
      withArgs("NodeResourcesBalancedAllocation", {
        resources: [{ name: "cpu" }, { name: "cpu", weight: 2 }],
      }),
      `[${at}.resources[1].name: Duplicate value: "cpu", ${at}.resources[1].weight: Invalid value: 2: must be 1]`,
    ],
    [
      strategy({ type: "Best" }),
      `${at}.scoringStrategy.type: Unsupported value: "Best": supported values: "LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"`,
    ],
    [
      strategy({ type: "MostAllocated", resources: [{ name: "cpu", weight: 101 }] }),
      `${at}.scoringStrategy.resources[0].weight: Invalid value: 101: resource weight of cpu not in valid range (0, 100]`,
    ],
    [
      strategy({ type: "RequestedToCapacityRatio" }),
      `${at}.scoringStrategy.requestedToCapacityRatio: Required value: must be specified when type is RequestedToCapacityRatio`,
    ],
    [
      shape([]),
      `${at}.scoringStrategy.requestedToCapacityRatio.shape: Required value: at least one point must be specified`,
    ],
    [
      shape([
        { utilization: 50, score: 11 },
        { utilization: 50, score: 0 },
      ]),
      `[${at}.scoringStrategy.requestedToCapacityRatio.shape[1].utilization: Invalid value: 50: values must be sorted in increasing order, ${at}.scoringStrategy.requestedToCapacityRatio.shape[0].score: Invalid value: 11: not in valid range [0, 10]]`,
    ],
    [
      withArgs("PodTopologySpread", {
        defaultConstraints: [{ maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "ScheduleAnyway" }],
      }),
      `${at}.defaultingType: Invalid value: "System": when .defaultConstraints are not empty`,
    ],
    [
      withArgs("PodTopologySpread", {
        defaultingType: "List",
        defaultConstraints: [{ maxSkew: 0, whenUnsatisfiable: "Never", labelSelector: {} }],
      }),
      `[${at}.defaultConstraints[0].maxSkew: Invalid value: 0: not in valid range (0, inf), ${at}.defaultConstraints[0].topologyKey: Required value: can not be empty, ${at}.defaultConstraints[0].whenUnsatisfiable: Unsupported value: "Never": supported values: "DoNotSchedule", "ScheduleAnyway", ${at}.defaultConstraints[0].labelSelector: Forbidden: constraint must not define a selector, as they deduced for each pod]`,
    ],
    [
      { extenders: [{ prioritizeVerb: "rate" }, { bindVerb: "a" }, { bindVerb: "b" }] },
      '[extenders[0].weight: Invalid value: 0: must have a positive weight applied to it, extenders: Invalid value: "found 2 extenders implementing bind": only one extender can implement bind]',
    ],
    [
      { extenders: [{ managedResources: [{ name: "cpu" }] }] },
      'extenders[0].managedResources[0].name: Invalid value: "cpu": is an invalid extended resource name',
    ],
  ])("is refused in upstream's words: %j", (given, message) => {
    expect(refusal(given)).toBe(message);
  });
});
