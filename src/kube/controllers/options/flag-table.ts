import { type Flag, FlagTable } from "../../../formats/index.ts";
import { LONGEST_MS } from "../csrsigning/validity.ts";

/** Flags that say how many keys a controller works on at once, with the controllers' names. */
export const CONCURRENCY_FLAGS: Readonly<Record<string, string>> = {
  "concurrent-cron-job-syncs": "cronjob-controller",
  "concurrent-daemonset-syncs": "daemonset-controller",
  "concurrent-deployment-syncs": "deployment-controller",
  "concurrent-endpoint-syncs": "endpoints-controller",
  "concurrent-ephemeralvolume-syncs": "ephemeral-volume-controller",
  "concurrent-gc-syncs": "garbage-collector-controller",
  "concurrent-horizontal-pod-autoscaler-syncs": "horizontal-pod-autoscaler-controller",
  "concurrent-job-syncs": "job-controller",
  "concurrent-namespace-syncs": "namespace-controller",
  "concurrent-rc-syncs": "replicationcontroller-controller",
  "concurrent-replicaset-syncs": "replicaset-controller",
  "concurrent-resource-quota-syncs": "resourcequota-controller",
  "concurrent-service-endpoint-syncs": "endpointslice-controller",
  "concurrent-serviceaccount-token-syncs": "serviceaccount-token-controller",
  "concurrent-statefulset-syncs": "statefulset-controller",
  "concurrent-ttl-after-finished-syncs": "ttl-after-finished-controller",
  "concurrent-validating-admission-policy-status-syncs": "validatingadmissionpolicy-status-controller",
  "mirroring-concurrent-service-endpoint-syncs": "endpointslice-mirroring-controller",
};

const concurrencyFlags: Flag[] = Object.entries(CONCURRENCY_FLAGS).map(([name, controller]) => ({
  name,
  type: "integer",
  help: `Keys that the ${controller} works on at once; its own number where absent.`,
}));

/** kube-controller-manager's flags as far as they are known here, with its defaults. */
export const CONTROLLER_MANAGER_FLAGS = new FlagTable([
  {
    title: "Controllers",
    flags: [
      {
        name: "controllers",
        type: "strings",
        default: "*",
        help: "Controllers that run: '*' is all of them, 'foo' the one of that name, '-foo' not that one.",
      },
      ...concurrencyFlags,
    ],
  },
  {
    title: "Nodes and pods",
    flags: [
      {
        name: "node-monitor-period",
        type: "duration",
        default: "5s",
        help: "How often nodes are looked at.",
      },
      {
        name: "node-monitor-grace-period",
        type: "duration",
        default: "50s",
        help: "A node that says nothing for longer is not ready.",
      },
      {
        name: "node-startup-grace-period",
        type: "duration",
        default: "1m0s",
        help: "The same of a node that has not yet said anything.",
      },
      {
        name: "node-eviction-rate",
        type: "number",
        default: "0.1",
        help: "Nodes a second, of each zone, whose pods are driven away.",
      },
      {
        name: "secondary-node-eviction-rate",
        type: "number",
        default: "0.01",
        help: "The same of a large zone of which much is down; of a small one none are then.",
      },
      {
        name: "unhealthy-zone-threshold",
        type: "number",
        default: "0.55",
        help: "From this part of its nodes on a zone counts as mostly down.",
      },
      {
        name: "large-cluster-size-threshold",
        type: "integer",
        default: "50",
        help: "A zone with more nodes is large.",
      },
      {
        name: "terminated-pod-gc-threshold",
        type: "integer",
        default: "12500",
        help: "Finished pods that are kept; 0: all.",
      },
    ],
  },
  {
    title: "Autoscaling",
    flags: [
      {
        name: "horizontal-pod-autoscaler-sync-period",
        type: "duration",
        default: "15s",
        help: "How often each autoscaler is looked at.",
      },
      {
        name: "horizontal-pod-autoscaler-downscale-stabilization",
        type: "duration",
        default: "5m0s",
        help: "For so long nothing is scaled below what was wanted, where the autoscaler says nothing else.",
      },
      {
        name: "horizontal-pod-autoscaler-tolerance",
        type: "number",
        default: "0.1",
        help: "How far usage may be off the target.",
      },
      {
        name: "horizontal-pod-autoscaler-cpu-initialization-period",
        type: "duration",
        default: "5m0s",
        help: "How long after its start a pod's processor time counts only while it is ready.",
      },
      {
        name: "horizontal-pod-autoscaler-initial-readiness-delay",
        type: "duration",
        default: "30s",
        help: "A pod that was never ready later than this after its start has never been ready.",
      },
    ],
  },
  {
    title: "Certificates, tokens, quotas and volumes",
    flags: [
      {
        name: "cluster-signing-duration",
        type: "duration",
        default: `${LONGEST_MS / 3_600_000}h0m0s`,
        help: "For how long signed certificates hold at the most.",
      },
      {
        name: "legacy-service-account-token-clean-up-period",
        type: "duration",
        default: "8760h0m0s",
        help: "After so long without use a token that was made for a ServiceAccount's list of Secrets is taken back, and as long after that removed.",
      },
      {
        name: "resource-quota-sync-period",
        type: "duration",
        default: "5m0s",
        help: "How often the usage of quotas is counted anew.",
      },
      {
        name: "pvclaimbinder-sync-period",
        type: "duration",
        default: "15s",
        help: "How often claims and volumes that wait are looked at again.",
      },
    ],
  },
]);
