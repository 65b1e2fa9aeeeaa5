import type { ConfigKind, ConfigShape } from "../../api/index.ts";
import type { PluginArgs } from "./plugin-args.ts";

export interface PluginEntry {
  name: string;
  weight?: number;
}

/** Which plugins run at an extension point; `*` among the disabled means all that run by default. */
export interface PluginSet {
  enabled?: PluginEntry[];
  disabled?: { name: string }[];
}

/** The points at which plugins take part, by the names of the configuration. */
export const EXTENSION_POINTS = [
  "preEnqueue",
  "queueSort",
  "preFilter",
  "filter",
  "postFilter",
  "preScore",
  "score",
  "reserve",
  "permit",
  "preBind",
  "bind",
  "postBind",
] as const;

export type ExtensionPoint = (typeof EXTENSION_POINTS)[number];
export type PluginSets = Partial<Record<ExtensionPoint | "multiPoint", PluginSet>>;

/** As it stands in the file. */
export interface GivenProfile {
  schedulerName?: string;
  percentageOfNodesToScore?: number;
  plugins?: PluginSets;
  pluginConfig?: { name?: string; args?: Record<string, unknown> }[];
}

export interface ExtenderTls {
  insecure?: boolean;
  serverName?: string;
  certFile?: string;
  keyFile?: string;
  caFile?: string;
  certData?: string;
  keyData?: string;
  caData?: string;
}

export interface ExtenderConfig {
  urlPrefix?: string;
  filterVerb?: string;
  preemptVerb?: string;
  prioritizeVerb?: string;
  weight?: number;
  bindVerb?: string;
  enableHTTPS?: boolean;
  tlsConfig?: ExtenderTls;
  /** As Go writes durations. */
  httpTimeout?: string;
  nodeCacheCapable?: boolean;
  managedResources?: { name?: string; ignoredByScheduler?: boolean }[];
  ignorable?: boolean;
}

export interface GivenConfiguration {
  parallelism?: number;
  percentageOfNodesToScore?: number;
  podInitialBackoffSeconds?: number;
  podMaxBackoffSeconds?: number;
  profiles?: GivenProfile[];
  extenders?: ExtenderConfig[];
}

/** One profile, with all that was left to defaults. */
export interface ProfileConfig {
  schedulerName: string;
  percentageOfNodesToScore?: number;
  /** Which plugins run where, in their order. */
  points: Record<ExtensionPoint, readonly string[]>;
  /** Of plugins that score. */
  weights: ReadonlyMap<string, number>;
  args: PluginArgs;
}

export interface SchedulerConfiguration {
  /** 0: by the number of nodes. */
  percentageOfNodesToScore: number;
  podInitialBackoffSeconds: number;
  podMaxBackoffSeconds: number;
  profiles: readonly ProfileConfig[];
  extenders: readonly ExtenderConfig[];
}

const PLUGIN_SET: ConfigShape = {
  fields: {
    enabled: { list: { fields: { name: "string", weight: "integer" } } },
    disabled: { list: { fields: { name: "string", weight: "integer" } } },
  },
};

const PROFILE: ConfigShape = {
  fields: {
    schedulerName: "string",
    percentageOfNodesToScore: "integer",
    plugins: {
      fields: Object.fromEntries([...EXTENSION_POINTS, "multiPoint"].map((point) => [point, PLUGIN_SET])),
    },
    pluginConfig: { list: { fields: { name: "string", args: { map: "any" } } } },
  },
};

const EXTENDER: ConfigShape = {
  fields: {
    urlPrefix: "string",
    filterVerb: "string",
    preemptVerb: "string",
    prioritizeVerb: "string",
    weight: "integer",
    bindVerb: "string",
    enableHTTPS: "boolean",
    tlsConfig: {
      fields: {
        insecure: "boolean",
        serverName: "string",
        certFile: "string",
        keyFile: "string",
        caFile: "string",
        certData: "string",
        keyData: "string",
        caData: "string",
      },
    },
    httpTimeout: "string",
    nodeCacheCapable: "boolean",
    managedResources: { list: { fields: { name: "string", ignoredByScheduler: "boolean" } } },
    ignorable: "boolean",
  },
};

/** kubescheduler.config.k8s.io/v1 (kube-scheduler/config/v1). */
export const KUBE_SCHEDULER_CONFIGURATION: ConfigKind = {
  group: "kubescheduler.config.k8s.io",
  versions: ["v1"],
  kind: "KubeSchedulerConfiguration",
  fields: {
    parallelism: "integer",
    leaderElection: {
      fields: {
        leaderElect: "boolean",
        leaseDuration: "string",
        renewDeadline: "string",
        retryPeriod: "string",
        resourceLock: "string",
        resourceName: "string",
        resourceNamespace: "string",
      },
    },
    clientConnection: {
      fields: {
        kubeconfig: "string",
        acceptContentTypes: "string",
        contentType: "string",
        qps: "number",
        burst: "integer",
      },
    },
    enableProfiling: "boolean",
    enableContentionProfiling: "boolean",
    percentageOfNodesToScore: "integer",
    podInitialBackoffSeconds: "integer",
    podMaxBackoffSeconds: "integer",
    profiles: { list: PROFILE },
    extenders: { list: EXTENDER },
    delayCacheUntilActive: "boolean",
  },
};
