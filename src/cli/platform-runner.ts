import type { LogLevel } from "../base/index.ts";
import type { Component } from "./components.ts";
import type { PlatformStatus } from "./control-client.ts";
import type { JoinToken } from "./join-token.ts";
import type { NetworkBackend } from "./network-backend.ts";

export interface PlatformOptions {
  home: string;
  /** By which verb it was started. */
  role: "up" | "server" | "agent";
  apiPort: number | undefined;
  registryPort: number | undefined;
  nodeName: string | undefined;
  nodeIp: string | undefined;
  /** Where node ports are open: `primary` or ranges; absent: as at the last start. */
  nodePortAddresses: string | undefined;
  /** `embedded`, or `etcd://host:port[,…]`; absent: as at the last start. */
  store: string | undefined;
  /** Which parts of the house run. */
  components: readonly Component[];
  logLevel: LogLevel;
  /** Flags of upstream's programs that were given, each as often as it was; their paths are absolute. */
  programFlags: Record<"apiServer" | "controllerManager", Record<string, string[]>>;
  /** A file with more of them, under the same names. */
  configFile: string | undefined;
  /** Of the cluster; absent: as at its first start. */
  networkBackend: NetworkBackend | undefined;
  /** Of an agent, `https://host:port`; absent: as at the last start. */
  servers: readonly string[] | undefined;
  /** Of an agent that joins for the first time. */
  token: JoinToken | undefined;
  /** A KubeSchedulerConfiguration. */
  schedulerConfigFile: string | undefined;
  /** So many nodes whose pods only seem to run. */
  simulatedNodes: number;
  /** Flags of the kubelet; they count for this start. */
  kubelet: KubeletOptions;
  /** Of traffic from outside; what is absent is as at the last start. */
  ingress: IngressOptions;
}

export interface KubeletOptions {
  /** Directory of static pods' files, absolute. */
  podManifestPath: string | undefined;
  /** Those about eviction that were given, without their dashes. */
  eviction: Record<string, string>;
}

export interface IngressOptions {
  /** Whether Ingresses and Gateways are served. */
  isEnabled: boolean | undefined;
  httpPort: number | undefined;
  httpsPort: number | undefined;
}

export interface PlatformHooks {
  /** Aborts when the platform shall stop. */
  signal: AbortSignal;
  onReady(status: PlatformStatus): void;
  log(line: string): void;
}

/** What `up` needs of the composition root: runs the platform until stopped. */
export type PlatformRunner = (options: PlatformOptions, hooks: PlatformHooks) => Promise<void>;

export interface ResetResult {
  removed: string[];
  /** What is not this program's to remove, and why. */
  kept: string[];
}

/** What `reset` needs of it: removes all that the instance has left on the machine. */
export type PlatformResetter = (home: string) => Promise<ResetResult>;
