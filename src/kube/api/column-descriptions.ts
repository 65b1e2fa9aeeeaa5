import { describeModel } from "./models.ts";

/** Columns that upstream describes by the field that they show: kind, then column and field, package `io.k8s.api` left out. */
const FIELDS: Record<string, Record<string, string>> = {
  ConfigMap: { Data: "core.v1.ConfigMap data" },
  ControllerRevision: { Revision: "apps.v1.ControllerRevision revision" },
  Deployment: {
    "Up-to-date": "apps.v1.DeploymentStatus updatedReplicas",
    Available: "apps.v1.DeploymentStatus availableReplicas",
    Selector: "apps.v1.DeploymentSpec selector",
  },
  EndpointSlice: {
    AddressType: "discovery.v1.EndpointSlice addressType",
    Ports: "discovery.v1.EndpointSlice ports",
    Endpoints: "discovery.v1.EndpointSlice endpoints",
  },
  Endpoints: { Endpoints: "core.v1.Endpoints subsets" },
  Event: {
    "Last Seen": "core.v1.Event lastTimestamp",
    Type: "core.v1.Event type",
    Reason: "core.v1.Event reason",
    Object: "core.v1.Event involvedObject",
    Subobject: "core.v1.ObjectReference fieldPath",
    Source: "core.v1.Event source",
    Message: "core.v1.Event message",
    "First Seen": "core.v1.Event firstTimestamp",
    Count: "core.v1.Event count",
  },
  Lease: { Holder: "coordination.v1.LeaseSpec holderIdentity" },
  Node: {
    Version: "core.v1.NodeSystemInfo kubeletVersion",
    "Internal-IP": "core.v1.NodeStatus addresses",
    "External-IP": "core.v1.NodeStatus addresses",
    "OS-Image": "core.v1.NodeSystemInfo osImage",
    "Kernel-Version": "core.v1.NodeSystemInfo kernelVersion",
    "Container-Runtime": "core.v1.NodeSystemInfo containerRuntimeVersion",
  },
  Pod: {
    IP: "core.v1.PodStatus podIP",
    Node: "core.v1.PodSpec nodeName",
    "Nominated Node": "core.v1.PodStatus nominatedNodeName",
    "Readiness Gates": "core.v1.PodSpec readinessGates",
  },
  ReplicaSet: {
    Desired: "apps.v1.ReplicaSetSpec replicas",
    Current: "apps.v1.ReplicaSetStatus replicas",
    Ready: "apps.v1.ReplicaSetStatus readyReplicas",
    Selector: "apps.v1.ReplicaSetSpec selector",
  },
  RoleBinding: { Role: "rbac.v1.RoleBinding roleRef" },
  ClusterRoleBinding: { Role: "rbac.v1.ClusterRoleBinding roleRef" },
  Scale: {
    Desired: "autoscaling.v1.ScaleSpec replicas",
    Available: "autoscaling.v1.ScaleStatus replicas",
  },
  Secret: { Type: "core.v1.Secret type", Data: "core.v1.Secret data" },
  Service: {
    Type: "core.v1.ServiceSpec type",
    "Cluster-IP": "core.v1.ServiceSpec clusterIP",
    "External-IP": "core.v1.ServiceSpec externalIPs",
    "Port(s)": "core.v1.ServiceSpec ports",
    Selector: "core.v1.ServiceSpec selector",
  },
};

const OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const OF_ALL: Record<string, string> = { Name: "name", Age: "creationTimestamp" };

/** What a column shows, in the words of the model; the texts are read when the first table is asked for. */
export function columnDescription(kind: string, column: string): string {
  const ofAll = OF_ALL[column];
  if (ofAll) return describeModel(OBJECT_META, ofAll) ?? "";
  const [model, field] = FIELDS[kind]?.[column]?.split(" ") ?? [];
  return (model && describeModel(`io.k8s.api.${model}`, field)) || "";
}
