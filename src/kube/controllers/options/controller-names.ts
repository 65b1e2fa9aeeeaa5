import { invalidArgument } from "../../../base/index.ts";

/** Upstream's names of the controllers that run here (cmd/kube-controller-manager/names), each with its name of old. */
const NAMES: Record<string, string> = {
  "serviceaccount-token-controller": "serviceaccount-token",
  "endpoints-controller": "endpoint",
  "endpointslice-controller": "endpointslice",
  "endpointslice-mirroring-controller": "endpointslicemirroring",
  "replicationcontroller-controller": "replicationcontroller",
  "pod-garbage-collector-controller": "podgc",
  "resourcequota-controller": "resourcequota",
  "namespace-controller": "namespace",
  "serviceaccount-controller": "serviceaccount",
  "garbage-collector-controller": "garbagecollector",
  "daemonset-controller": "daemonset",
  "job-controller": "job",
  "deployment-controller": "deployment",
  "replicaset-controller": "replicaset",
  "horizontal-pod-autoscaler-controller": "horizontalpodautoscaling",
  "disruption-controller": "disruption",
  "statefulset-controller": "statefulset",
  "cronjob-controller": "cronjob",
  "certificatesigningrequest-signing-controller": "csrsigning",
  "certificatesigningrequest-approving-controller": "csrapproving",
  "certificatesigningrequest-cleaner-controller": "csrcleaner",
  "ttl-controller": "ttl",
  "bootstrap-signer-controller": "bootstrapsigner",
  "token-cleaner-controller": "tokencleaner",
  "node-ipam-controller": "nodeipam",
  "node-lifecycle-controller": "nodelifecycle",
  "taint-eviction-controller": "taint-eviction-controller",
  "service-lb-controller": "service",
  "persistentvolume-binder-controller": "persistentvolume-binder",
  "persistentvolume-attach-detach-controller": "attachdetach",
  "persistentvolume-expander-controller": "persistentvolume-expander",
  "clusterrole-aggregation-controller": "clusterrole-aggregation",
  "persistentvolumeclaim-protection-controller": "pvc-protection",
  "persistentvolume-protection-controller": "pv-protection",
  "ttl-after-finished-controller": "ttl-after-finished",
  "root-ca-certificate-publisher-controller": "root-ca-cert-publisher",
  "ephemeral-volume-controller": "ephemeral-volume",
  "validatingadmissionpolicy-status-controller": "validatingadmissionpolicy-status-controller",
  "service-cidr-controller": "service-cidr-controller",
  "legacy-serviceaccount-token-cleaner-controller": "legacy-service-account-token-cleaner",
  // Upstream leaves the approval of these requests to people.
  "node-certificate-approving-controller": "node-certificate-approving-controller",
};

/** Those that upstream has and that do not run here: they may be switched off. */
const ELSEWHERE: Record<string, string> = {
  "node-route-controller": "route",
  "cloud-node-lifecycle-controller": "cloud-node-lifecycle",
  "storageversion-garbage-collector-controller": "storage-version-gc",
  "resourceclaim-controller": "resource-claim-controller",
  "storage-version-migrator-controller": "storage-version-migrator-controller",
  "selinux-warning-controller": "selinux-warning-controller",
  "device-taint-eviction-controller": "device-taint-eviction-controller",
  "kube-apiserver-serving-clustertrustbundle-publisher-controller":
    "kube-apiserver-serving-clustertrustbundle-publisher-controller",
};

const ALL = "*";
const withAliases = (names: Record<string, string>) =>
  new Map(
    Object.entries(names).flatMap(([name, alias]) => [
      [name, name],
      [alias, name],
    ]),
  );
const here = withAliases(NAMES);
const elsewhere = withAliases(ELSEWHERE);

/** Which of the controllers `--controllers` switches on: `*`, names, and names behind a dash. Throws InvalidArgument. */
export function chosenControllers(given: readonly string[]): ReadonlySet<string> {
  const on = new Set<string>();
  const off = new Set<string>();
  for (const one of given) {
    if (one === ALL) continue;
    const isOff = one.startsWith("-");
    const name = here.get(isOff ? one.slice(1) : one);
    if (name !== undefined) {
      // Of one that is named twice the first counts.
      if (!on.has(name) && !off.has(name)) (isOff ? off : on).add(name);
    } else if (!isOff || !elsewhere.has(one.slice(1))) {
      const shown = JSON.stringify(isOff ? one.slice(1) : one);
      throw invalidArgument(`${shown} is not in the list of known controllers`, {
        code: "ControllerManager.Options",
      });
    }
  }
  const isOn = (name: string) => on.has(name) || (given.includes(ALL) && !off.has(name));
  return new Set(Object.keys(NAMES).filter(isOn));
}
