import { invalidArgument } from "../../../base/index.ts";
import {
  type ConfigShape,
  type NodeAffinity,
  readConfigFields,
  type TopologySpreadConstraint,
} from "../../api/index.ts";

export interface WeighedResource {
  name: string;
  weight: number;
}

export interface ShapePoint {
  /** 0 to 100. */
  utilization: number;
  /** 0 to 10. */
  score: number;
}

export interface ScoringStrategy {
  type: string;
  resources: readonly WeighedResource[];
  requestedToCapacityRatio?: { shape?: readonly ShapePoint[] };
}

/** What plugins are told beyond what they do anyway; upstream's defaults stand in `defaultPluginArgs`. */
export interface PluginArgs {
  DefaultPreemption: { minCandidateNodesPercentage: number; minCandidateNodesAbsolute: number };
  InterPodAffinity: { hardPodAffinityWeight: number; ignorePreferredTermsOfExistingPods?: boolean };
  NodeAffinity: { addedAffinity?: NodeAffinity };
  NodeResourcesBalancedAllocation: { resources: readonly WeighedResource[] };
  NodeResourcesFit: {
    ignoredResources?: readonly string[];
    ignoredResourceGroups?: readonly string[];
    scoringStrategy: ScoringStrategy;
  };
  PodTopologySpread: {
    defaultConstraints?: readonly TopologySpreadConstraint[];
    defaultingType: string;
  };
  VolumeBinding: { bindTimeoutSeconds: number; shape?: readonly ShapePoint[] };
}

type PluginName = keyof PluginArgs;
type Given<Name extends PluginName> = Partial<PluginArgs[Name]>;

const RESOURCES: ConfigShape = { list: { fields: { name: "string", weight: "integer" } } };
const SHAPE: ConfigShape = { list: { fields: { utilization: "integer", score: "integer" } } };
const NODE_REQUIREMENTS: ConfigShape = {
  list: { fields: { key: "string", operator: "string", values: { list: "string" } } },
};
const NODE_TERM: ConfigShape = {
  fields: { matchExpressions: NODE_REQUIREMENTS, matchFields: NODE_REQUIREMENTS },
};

const FIELDS: Record<PluginName, Record<string, ConfigShape>> = {
  DefaultPreemption: { minCandidateNodesPercentage: "integer", minCandidateNodesAbsolute: "integer" },
  InterPodAffinity: { hardPodAffinityWeight: "integer", ignorePreferredTermsOfExistingPods: "boolean" },
  NodeAffinity: {
    addedAffinity: {
      fields: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          fields: { nodeSelectorTerms: { list: NODE_TERM } },
        },
        preferredDuringSchedulingIgnoredDuringExecution: {
          list: { fields: { weight: "integer", preference: NODE_TERM } },
        },
      },
    },
  },
  NodeResourcesBalancedAllocation: { resources: RESOURCES },
  NodeResourcesFit: {
    ignoredResources: { list: "string" },
    ignoredResourceGroups: { list: "string" },
    scoringStrategy: {
      fields: {
        type: "string",
        resources: RESOURCES,
        requestedToCapacityRatio: { fields: { shape: SHAPE } },
      },
    },
  },
  PodTopologySpread: {
    defaultConstraints: {
      list: {
        fields: {
          maxSkew: "integer",
          topologyKey: "string",
          whenUnsatisfiable: "string",
          labelSelector: { map: "any" },
          minDomains: "integer",
          nodeAffinityPolicy: "string",
          nodeTaintsPolicy: "string",
          matchLabelKeys: { list: "string" },
        },
      },
    },
    defaultingType: "string",
  },
  VolumeBinding: { bindTimeoutSeconds: "integer", shape: SHAPE },
};

export const takesArgs = (name: string): name is PluginName => Object.hasOwn(FIELDS, name);

const CPU_AND_MEMORY: readonly WeighedResource[] = [
  { name: "cpu", weight: 1 },
  { name: "memory", weight: 1 },
];

/** One that is not said weighs 1. */
const weighed = (given: readonly Partial<WeighedResource>[] | undefined): readonly WeighedResource[] =>
  given === undefined || given.length === 0
    ? CPU_AND_MEMORY
    : given.map(({ name = "", weight }) => ({ name, weight: weight || 1 }));

/** Upstream's defaults for what is not given (apis/config/v1 defaults). */
const DEFAULTS: { [Name in PluginName]: (given: Given<Name>) => PluginArgs[Name] } = {
  DefaultPreemption: (given) => ({
    minCandidateNodesPercentage: 10,
    minCandidateNodesAbsolute: 100,
    ...given,
  }),
  InterPodAffinity: (given) => ({ hardPodAffinityWeight: 1, ...given }),
  NodeAffinity: (given) => given,
  NodeResourcesBalancedAllocation: ({ resources }) => ({ resources: weighed(resources) }),
  NodeResourcesFit: ({ scoringStrategy, ...given }) => ({
    ...given,
    scoringStrategy: {
      ...(scoringStrategy ?? { type: "LeastAllocated" }),
      type: scoringStrategy ? (scoringStrategy.type ?? "") : "LeastAllocated",
      resources: weighed(scoringStrategy?.resources),
    },
  }),
  PodTopologySpread: ({ defaultingType, ...given }) => ({
    ...given,
    defaultingType: defaultingType || "System",
  }),
  VolumeBinding: (given) => ({ bindTimeoutSeconds: 600, ...given }),
};

export const defaultPluginArgs = (): PluginArgs => {
  const all = Object.entries(DEFAULTS).map(([name, complete]) => [name, complete({})]);
  return Object.fromEntries(all) as unknown as PluginArgs;
};

/** The arguments of one plugin as they stand in the file, with their defaults. Throws InvalidArgument. */
export function readPluginArgs<Name extends PluginName>(
  name: Name,
  given: Record<string, unknown> = {},
): PluginArgs[Name] {
  const { apiVersion, kind, ...fields } = given;
  if (kind !== undefined && kind !== `${name}Args`)
    throw invalidArgument(`args for plugin ${name} were not of type ${name}Args, got ${kind}`);
  if (apiVersion !== undefined && apiVersion !== "kubescheduler.config.k8s.io/v1")
    throw invalidArgument(
      `decoding args for plugin ${name}: no kind "${name}Args" is registered for version ${JSON.stringify(apiVersion)}`,
    );
  const { value, strictProblems } = readConfigFields(fields, FIELDS[name]);
  if (strictProblems.length > 0)
    throw invalidArgument(
      `decoding args for plugin ${name}: strict decoding error: ${strictProblems.join(", ")}`,
    );
  return DEFAULTS[name](value as Given<Name>);
}
