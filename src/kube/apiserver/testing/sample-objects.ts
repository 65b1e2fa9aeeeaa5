import type { KindDefinition } from "../../api/types.ts";

// biome-ignore lint/suspicious/noExplicitAny: an object as a client writes it
type Manifest = any;

const selector = { matchLabels: { app: "x" } };
const podSpec = { containers: [{ name: "main", image: "busybox" }] };
const jobTemplate = { spec: { ...podSpec, restartPolicy: "Never" } };
const template = { metadata: { labels: { app: "x" } }, spec: podSpec };
const clientConfig = { url: "https://127.0.0.1:1/" };
const webhooks = [
  { name: "w.example.com", clientConfig, sideEffects: "None", admissionReviewVersions: ["v1"] },
];
const scaleTargetRef = { kind: "Deployment", name: "x", apiVersion: "apps/v1" };
const roleRef = (kind: string) => ({ apiGroup: "rbac.authorization.k8s.io", kind, name: "x" });
const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };

/** What makes an object of a kind valid beside its name: by `group/version Kind`, or `version Kind` in the core group. */
const SAMPLES: Record<string, Manifest> = {
  "v1 Namespace": {},
  "v1 Node": {},
  "v1 Pod": { spec: podSpec },
  "v1 PodTemplate": { template },
  "v1 ReplicationController": { spec: { selector: { app: "x" }, template } },
  "v1 Service": { spec: { ports: [{ port: 80 }] } },
  "v1 Endpoints": {},
  "v1 ConfigMap": { data: { a: "1" } },
  "v1 Secret": {},
  "v1 ServiceAccount": {},
  "v1 Event": { involvedObject: { namespace: "default" } },
  "v1 PersistentVolume": {
    spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/x" } },
  },
  "v1 PersistentVolumeClaim": { spec: claim },
  "v1 LimitRange": { spec: { limits: [] } },
  "v1 ResourceQuota": { spec: { hard: { pods: "5" } } },
  "admissionregistration.k8s.io/v1 MutatingWebhookConfiguration": { webhooks },
  "admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration": { webhooks },
  "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy": {
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: ["x"], apiVersions: ["v1"], resources: ["y"], operations: ["CREATE"] }],
      },
      validations: [{ expression: "true" }],
    },
  },
  "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding": {
    spec: { policyName: "none", validationActions: ["Audit"] },
  },
  "apiregistration.k8s.io/v1 APIService": {
    metadata: { name: "v1.sample.example.com" },
    spec: {
      group: "sample.example.com",
      version: "v1",
      groupPriorityMinimum: 100,
      versionPriority: 10,
      service: { namespace: "default", name: "x" },
      insecureSkipTLSVerify: true,
    },
  },
  "apps/v1 Deployment": { spec: { selector, template } },
  "apps/v1 ReplicaSet": { spec: { selector, template } },
  "apps/v1 StatefulSet": { spec: { selector, template, serviceName: "x" } },
  "apps/v1 DaemonSet": { spec: { selector, template } },
  "apps/v1 ControllerRevision": { revision: 1, data: { a: 1 } },
  "autoscaling/v2 HorizontalPodAutoscaler": { spec: { scaleTargetRef, maxReplicas: 2 } },
  "autoscaling/v1 HorizontalPodAutoscaler": { spec: { scaleTargetRef, maxReplicas: 2 } },
  "certificates.k8s.io/v1 CertificateSigningRequest": {
    spec: {
      signerName: "example.com/signer",
      usages: ["digital signature"],
      // An Ed25519 key that nobody has kept.
      request:
        "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlHUU1FUUNBUUF3RVRFUE1BMEdBMVVFQXd3R2MyRnRjR3hsTUNvd0JRWURLMlZ3QXlFQXZpUVZ2SDVsOTZtYQphWEdHZ01JTFRja0NySWdoaGVLakppWDhwc0ZicHVlZ0FEQUZCZ01yWlhBRFFRQ2JhL1gzeEowNWxRWlVxc2ZkCjZKTERVTTNkTFRycjVWRkJxTmtBWkFEdzBlUXdKR1A1c2hSOWNnNVdpM3VIYVkvMTY3S2U5eHJBN2hXQVZiU3QKVS8wTQotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K",
    },
  },
  "batch/v1 Job": { spec: { template: jobTemplate } },
  "batch/v1 CronJob": { spec: { schedule: "0 0 * * *", jobTemplate: { spec: { template: jobTemplate } } } },
  "coordination.k8s.io/v1 Lease": { spec: {} },
  "discovery.k8s.io/v1 EndpointSlice": { addressType: "IPv4", endpoints: [] },
  "events.k8s.io/v1 Event": {
    eventTime: "2024-01-01T00:00:00.000000Z",
    regarding: { kind: "Pod", name: "p", namespace: "default" },
    reason: "Started",
    action: "Start",
    type: "Normal",
    reportingController: "example.com/c",
    reportingInstance: "i",
  },
  "networking.k8s.io/v1 IngressClass": { spec: { controller: "example.com/c" } },
  "networking.k8s.io/v1 Ingress": {
    spec: { defaultBackend: { service: { name: "x", port: { number: 80 } } } },
  },
  "networking.k8s.io/v1 IPAddress": {
    metadata: { name: "10.96.200.200" },
    spec: { parentRef: { resource: "services", namespace: "default", name: "x" } },
  },
  "networking.k8s.io/v1 NetworkPolicy": { spec: { podSelector: {} } },
  "networking.k8s.io/v1 ServiceCIDR": { spec: { cidrs: ["10.200.0.0/16"] } },
  "node.k8s.io/v1 RuntimeClass": { handler: "x" },
  "policy/v1 PodDisruptionBudget": { spec: { selector, minAvailable: 1 } },
  "flowcontrol.apiserver.k8s.io/v1 FlowSchema": {
    spec: { priorityLevelConfiguration: { name: "global-default" }, matchingPrecedence: 9000 },
  },
  "flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration": {
    spec: { type: "Limited", limited: { limitResponse: { type: "Reject" } } },
  },
  "rbac.authorization.k8s.io/v1 Role": { rules: [] },
  "rbac.authorization.k8s.io/v1 ClusterRole": { rules: [] },
  "rbac.authorization.k8s.io/v1 RoleBinding": { roleRef: roleRef("Role") },
  "rbac.authorization.k8s.io/v1 ClusterRoleBinding": { roleRef: roleRef("ClusterRole") },
  "scheduling.k8s.io/v1 PriorityClass": { value: 5 },
  "apiextensions.k8s.io/v1 CustomResourceDefinition": {
    metadata: { name: "samples.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "samples", kind: "Sample" },
      versions: [
        { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } },
      ],
    },
  },
  "storage.k8s.io/v1 StorageClass": { provisioner: "example.com/p" },
  "storage.k8s.io/v1 VolumeAttachment": {
    spec: { attacher: "a.example.com", nodeName: "n", source: { persistentVolumeName: "x" } },
  },
  "storage.k8s.io/v1 CSIDriver": { spec: {} },
  "storage.k8s.io/v1 CSINode": { spec: { drivers: [] } },
  "storage.k8s.io/v1 CSIStorageCapacity": { storageClassName: "x" },
};

/** `group/version Kind`, or `version Kind` in the core group. */
export function nameOfKind({
  group,
  version,
  kind,
}: Pick<KindDefinition, "group" | "version" | "kind">): string {
  return `${group === "" ? version : `${group}/${version}`} ${kind}`;
}

/** A small object of a kind that a server takes, in the namespace `default`; undefined for a kind that nobody has sampled. */
export function sampleObject(kind: KindDefinition): Manifest {
  const sample = SAMPLES[nameOfKind(kind)];
  if (sample === undefined) return undefined;
  // Some kinds are kept as another one, under the same names.
  const name = sample.metadata?.name ?? `sample-${kind.group.split(".")[0] || "core"}-${kind.version}`;
  const metadata = { name, ...(kind.namespaced ? { namespace: "default" } : {}) };
  const [apiVersion] = nameOfKind(kind).split(" ");
  return { apiVersion, kind: kind.kind, ...sample, metadata };
}

/** The path of a kind's objects in the namespace `default`, or of all where they lie in none. */
export function collectionPath({ group, version, resource, namespaced }: KindDefinition): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${root}${namespaced ? "/namespaces/default" : ""}/${resource}`;
}
