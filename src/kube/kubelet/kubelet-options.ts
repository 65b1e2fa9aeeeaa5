import type { Clock, Logger, Service } from "../../base/index.ts";
import type { CriImageService, CriRuntimeService } from "../../cri/types.ts";
import type { InformerFactory, KubeClient } from "../client/index.ts";
import type { NodeAccess } from "../client/node-access.ts";
import type { EvictionSettings } from "./eviction/eviction-settings.ts";
import type { Observations } from "./eviction/thresholds.ts";
import type { PodGuard } from "./pods/pod-guard.ts";
import type { UntilPodLeft } from "./pods/pod-terminator.ts";
import type { ServingCredentials } from "./server/serving-credentials.ts";

export interface KubeletOptions {
  nodeName: string;
  nodeIp: string;
  /** More labels for the Node object. */
  nodeLabels?: Record<string, string>;
  /** Tells this machine from others that may have its name. */
  machine?: string;
  /** For how long the node's lease holds; upstream's time where it is absent. */
  leaseSeconds?: () => number | undefined;
  /** What the kubelet's port is served with; without it there is none. */
  serving?: ServingCredentials;
  client: KubeClient;
  informers: InformerFactory;
  cri: { runtime: CriRuntimeService; images: CriImageService };
  /** Address of the cluster's name service; absent: pods use the node's. */
  clusterDns?: string;
  clusterDomain: string;
  /** `<home>/kubelet`: pods' volumes and files lie in `<rootDir>/pods/<uid>`. */
  rootDir: string;
  /** `<home>/logs/pods`. */
  podLogsDir: string;
  resolvConfPath?: string;
  /** Takes a pod that is being deleted out of its Services; without it pods hear of their end at once. */
  untilPodLeft?: UntilPodLeft;
  /** Enforces network policies before a pod's containers start; without it there are none. */
  guard?: PodGuard;
  /** Directory of static pods' files. */
  podManifestPath?: string;
  /** When pods have to go for what the node is short of; upstream's thresholds where it is absent. */
  eviction?: EvictionSettings;
  /** Instead of what the machine has left. For tests. */
  observeNode?: () => Promise<Observations>;
  /** Services that must be ready before this one starts. */
  needs?: readonly string[];
  logger: Logger;
  clock?: Clock;
}

/** The node's agent: runs the pods that are bound to it. Ready when the node is registered and says that it is Ready. */
export interface Kubelet extends Service, NodeAccess {}
