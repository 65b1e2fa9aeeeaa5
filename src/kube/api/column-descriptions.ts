import { describeModel } from "./models.ts";

/** Columns that upstream describes by the field that they show: kind, then column and field, package `io.k8s.api` left out. */
const FIELDS: Record<string, Record<string, string>> = {
  ConfigMap: { Data: "core.v1.ConfigMap data" },
  CronJob: {
    Schedule: "batch.v1.CronJobSpec schedule",
    Timezone: "batch.v1.CronJobSpec timeZone",
    Suspend: "batch.v1.CronJobSpec suspend",
    Active: "batch.v1.CronJobStatus active",
    "Last Schedule": "batch.v1.CronJobStatus lastScheduleTime",
  },
  DaemonSet: {
    Desired: "apps.v1.DaemonSetStatus desiredNumberScheduled",
    Current: "apps.v1.DaemonSetStatus currentNumberScheduled",
    "Up-to-date": "apps.v1.DaemonSetStatus updatedNumberScheduled",
    Available: "apps.v1.DaemonSetStatus numberAvailable",
    "Node Selector": "core.v1.PodSpec nodeSelector",
  },
  CSIDriver: {
    AttachRequired: "storage.v1.CSIDriverSpec attachRequired",
    PodInfoOnMount: "storage.v1.CSIDriverSpec podInfoOnMount",
    StorageCapacity: "storage.v1.CSIDriverSpec storageCapacity",
    TokenRequests: "storage.v1.CSIDriverSpec tokenRequests",
    RequiresRepublish: "storage.v1.CSIDriverSpec requiresRepublish",
    Modes: "storage.v1.CSIDriverSpec volumeLifecycleModes",
  },
  Deployment: {
    "Up-to-date": "apps.v1.DeploymentStatus updatedReplicas",
    Available: "apps.v1.DeploymentStatus availableReplicas",
  },
  EndpointSlice: {
    Endpoints: "discovery.v1.EndpointSlice endpoints",
  },
  Endpoints: { Endpoints: "core.v1.Endpoints subsets" },
  Event: {
    "Last Seen": "core.v1.Event lastTimestamp",
    Type: "core.v1.Event type",
    Reason: "core.v1.Event reason",
    Subobject: "core.v1.ObjectReference fieldPath",
    Message: "core.v1.Event message",
    "First Seen": "core.v1.Event firstTimestamp",
    Count: "core.v1.Event count",
  },
  HorizontalPodAutoscaler: {
    MinPods: "autoscaling.v2.HorizontalPodAutoscalerSpec minReplicas",
    MaxPods: "autoscaling.v2.HorizontalPodAutoscalerSpec maxReplicas",
    Replicas: "autoscaling.v2.HorizontalPodAutoscalerStatus currentReplicas",
  },
  FlowSchema: {
    PriorityLevel: "flowcontrol.v1.PriorityLevelConfigurationReference name",
    MatchingPrecedence: "flowcontrol.v1.FlowSchemaSpec matchingPrecedence",
  },
  Job: { Completions: "batch.v1.JobStatus succeeded" },
  Lease: { Holder: "coordination.v1.LeaseSpec holderIdentity" },
  Node: {
    Version: "core.v1.NodeSystemInfo kubeletVersion",
    "Internal-IP": "core.v1.NodeStatus addresses",
    "External-IP": "core.v1.NodeStatus addresses",
    "OS-Image": "core.v1.NodeSystemInfo osImage",
    "Kernel-Version": "core.v1.NodeSystemInfo kernelVersion",
    "Container-Runtime": "core.v1.NodeSystemInfo containerRuntimeVersion",
  },
  PersistentVolume: {
    Capacity: "core.v1.PersistentVolumeSpec capacity",
    "Access Modes": "core.v1.PersistentVolumeSpec accessModes",
    "Reclaim Policy": "core.v1.PersistentVolumeSpec persistentVolumeReclaimPolicy",
    Status: "core.v1.PersistentVolumeStatus phase",
    Reason: "core.v1.PersistentVolumeStatus reason",
    VolumeMode: "core.v1.PersistentVolumeSpec volumeMode",
  },
  PersistentVolumeClaim: {
    Status: "core.v1.PersistentVolumeClaimStatus phase",
    Volume: "core.v1.PersistentVolumeClaimSpec volumeName",
    Capacity: "core.v1.PersistentVolumeClaimStatus capacity",
    "Access Modes": "core.v1.PersistentVolumeClaimStatus accessModes",
    VolumeMode: "core.v1.PersistentVolumeClaimSpec volumeMode",
  },
  Pod: {
    IP: "core.v1.PodStatus podIP",
    Node: "core.v1.PodSpec nodeName",
    "Nominated Node": "core.v1.PodStatus nominatedNodeName",
    "Readiness Gates": "core.v1.PodSpec readinessGates",
  },
  PriorityClass: {
    Value: "scheduling.v1.PriorityClass value",
    "Global-Default": "scheduling.v1.PriorityClass globalDefault",
    PreemptionPolicy: "scheduling.v1.PriorityClass preemptionPolicy",
  },
  PriorityLevelConfiguration: {
    Type: "flowcontrol.v1.PriorityLevelConfigurationSpec type",
    Queues: "flowcontrol.v1.QueuingConfiguration queues",
    HandSize: "flowcontrol.v1.QueuingConfiguration handSize",
    QueueLengthLimit: "flowcontrol.v1.QueuingConfiguration queueLengthLimit",
  },
  ReplicaSet: {
    Desired: "apps.v1.ReplicaSetSpec replicas",
    Current: "apps.v1.ReplicaSetStatus replicas",
    Ready: "apps.v1.ReplicaSetStatus readyReplicas",
  },
  ReplicationController: {
    Desired: "core.v1.ReplicationControllerSpec replicas",
    Current: "core.v1.ReplicationControllerStatus replicas",
    Ready: "core.v1.ReplicationControllerStatus readyReplicas",
    Selector: "core.v1.ReplicationControllerSpec selector",
  },
  Scale: {
    Desired: "autoscaling.v1.ScaleSpec replicas",
    Available: "autoscaling.v1.ScaleStatus replicas",
  },
  Secret: { Type: "core.v1.Secret type", Data: "core.v1.Secret data" },
  ServiceAccount: { Secrets: "core.v1.ServiceAccount secrets" },
  ServiceCIDR: { CIDRs: "networking.v1.ServiceCIDRSpec cidrs" },
  Service: {
    Type: "core.v1.ServiceSpec type",
    "Cluster-IP": "core.v1.ServiceSpec clusterIP",
    "External-IP": "core.v1.ServiceSpec externalIPs",
    "Port(s)": "core.v1.ServiceSpec ports",
    Selector: "core.v1.ServiceSpec selector",
  },
  StorageClass: {
    Provisioner: "storage.v1.StorageClass provisioner",
    ReclaimPolicy: "storage.v1.StorageClass reclaimPolicy",
    VolumeBindingMode: "storage.v1.StorageClass volumeBindingMode",
    AllowVolumeExpansion: "storage.v1.StorageClass allowVolumeExpansion",
  },
  VolumeAttachment: {
    Attacher: "storage.v1.VolumeAttachmentSpec attacher",
    PV: "storage.v1.VolumeAttachmentSource persistentVolumeName",
    Node: "storage.v1.VolumeAttachmentSpec nodeName",
    Attached: "storage.v1.VolumeAttachmentStatus attached",
  },
};

const JOB_SELECTOR =
  "A label query over pods that should match the pod count. Normally, the system sets this field for you. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors";

const WEBHOOKS = "Webhooks indicates the number of webhooks registered in this configuration";

/** Columns of several fields, in the words of upstream's printers, and of fields of which the models say nothing; first those of many kinds. */
const TEXTS: Record<string, Record<string, string>> = {
  APIService: {
    Service: "The reference to the service that hosts this API endpoint.",
    Available: "Whether this service is available.",
  },
  // In the words of v1beta1.
  CertificateSigningRequest: {
    SignerName:
      'Requested signer for the request. It is a qualified name in the form: `scope-hostname.io/name`. If empty, it will be defaulted:\n 1. If it\'s a kubelet client certificate, it is assigned\n    "kubernetes.io/kube-apiserver-client-kubelet".\n 2. If it\'s a kubelet serving certificate, it is assigned\n    "kubernetes.io/kubelet-serving".\n 3. Otherwise, it is assigned "kubernetes.io/legacy-unknown".\nDistribution of trust for signers happens out of band. You can select on this field using `spec.signerName`.',
    Requestor: "Base64-encoded PKCS#10 CSR data",
    RequestedDuration:
      "expirationSeconds is the requested duration of validity of the issued certificate. The certificate signer may issue a certificate with a different validity duration so a client must check the delta between the notBefore and and notAfter fields in the issued certificate to determine the actual duration.\n\nThe v1.22+ in-tree implementations of the well-known Kubernetes signers will honor this field as long as the requested duration is not greater than the maximum duration they will honor per the --cluster-signing-duration CLI flag to the Kubernetes controller manager.\n\nCertificate signers may not honor this field for various reasons:\n\n  1. Old signer that is unaware of the field (such as the in-tree\n     implementations prior to v1.22)\n  2. Signer whose configured maximum is shorter than the requested duration\n  3. Signer whose configured minimum is longer than the requested duration\n\nThe minimum valid value for expirationSeconds is 600, i.e. 10 minutes.",
    Condition: "Conditions applied to the request, such as approval or denial.",
  },
  "": {
    Containers: "Names of each container in the template.",
    Images: "Images referenced by each container in the template.",
  },
  ClusterRoleBinding: {
    Role: "RoleRef can only reference a ClusterRole in the global namespace. If the RoleRef cannot be resolved, the Authorizer must return an error.",
    Users: "Users in the clusterRoleBinding",
    Groups: "Groups in the clusterRoleBinding",
    ServiceAccounts: "ServiceAccounts in the clusterRoleBinding",
  },
  ComponentStatus: {
    Status: "Status of the component conditions",
    Message: "Message of the component conditions",
    Error: "Error of the component conditions",
  },
  // Of these upstream tells the words of an older version.
  ControllerRevision: {
    Controller: "Controller of the object",
    Revision: "revision indicates the revision of the state represented by Data.",
  },
  EndpointSlice: {
    AddressType:
      "addressType specifies the type of address carried by this EndpointSlice. All addresses in this slice must be the same type. This field is immutable after creation. The following address types are currently supported: * IPv4: Represents an IPv4 Address. * IPv6: Represents an IPv6 Address. * FQDN: Represents a Fully Qualified Domain Name.",
    Ports:
      'ports specifies the list of network ports exposed by each endpoint in this slice. Each port must have a unique name. When ports is empty, it indicates that there are no defined ports. When a port is defined with a nil port value, it indicates "all ports". Each slice may include a maximum of 100 ports.',
  },
  CSINode: { Drivers: "Drivers indicates the number of CSI drivers registered on the node" },
  Deployment: {
    Ready: "Number of the pod with ready state",
    Selector:
      "Label selector for pods. Existing ReplicaSets whose pods are selected by this will be the ones affected by this deployment.",
  },
  Event: {
    Object: "The object that this event is about.",
    Source: "The component reporting this event. Should be a short machine understandable string.",
  },
  HorizontalPodAutoscaler: {
    Reference:
      "scaleTargetRef points to the target resource to scale, and is used to the pods for which metrics should be collected, as well as to actually change the replica count.",
    Targets:
      "metrics contains the specifications for which to use to calculate the desired replica count (the maximum replica count across all metrics will be used).  The desired replica count is calculated multiplying the ratio between the target value and the current value by the current number of pods.  Ergo, metrics used must decrease as the pod count is increased, and vice-versa.  See the individual metric source types for more information about how each type of metric must respond.",
  },
  Ingress: {
    Class: "The name of the IngressClass resource that should be used for additional configuration",
    Hosts: "Hosts that incoming requests are matched against before the ingress rule",
    Address: "Address is a list containing ingress points for the load-balancer",
    Ports: "Ports of TLS configurations that open",
  },
  IngressClass: {
    Controller: "Controller that is responsible for handling this class",
    Parameters: "A reference to a resource with additional parameters",
  },
  IPAddress: {
    ParentRef:
      "ParentRef references the resource that an IPAddress is attached to. An IPAddress must reference a parent object.",
  },
  FlowSchema: {
    DistinguisherMethod:
      "`distinguisherMethod` defines how to compute the flow distinguisher for requests that match this schema. `nil` specifies that the distinguisher is disabled and thus will always be the empty string.",
    MissingPL: "references a broken or non-existent PriorityLevelConfiguration",
  },
  CronJob: { Selector: JOB_SELECTOR },
  DaemonSet: {
    Ready:
      "The number of nodes that should be running the daemon pod and have one or more of the daemon pod running and ready.",
    Selector:
      "A label query over pods that are managed by the daemon set. Must match in order to be controlled. If empty, defaulted to labels on Pod template. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
  },
  Job: {
    Selector: JOB_SELECTOR,
    Status: "Status of the job.",
    Duration: "Time required to complete the job.",
  },
  Namespace: { Status: "The status of the namespace" },
  MutatingWebhookConfiguration: { Webhooks: WEBHOOKS },
  NetworkPolicy: {
    "Pod-Selector":
      "Selects the pods to which this NetworkPolicy object applies.  The array of ingress rules is applied to any pods selected by this field. Multiple network policies can select the same set of pods.  In this case, the ingress rules for each are combined additively. This field is NOT optional and follows standard label selector semantics. An empty podSelector matches all pods in this namespace.",
  },
  Node: { Status: "The status of the node", Roles: "The roles of the node" },
  PersistentVolume: {
    Claim:
      "claimRef is part of a bi-directional binding between PersistentVolume and PersistentVolumeClaim. Expected to be non-nil when bound. claim.VolumeName is the authoritative bind between PV and PVC. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#binding",
    StorageClass: "StorageClass of the pv",
    VolumeAttributesClass: "VolumeAttributesClass of the pv",
  },
  PersistentVolumeClaim: {
    StorageClass: "StorageClass of the pvc",
    VolumeAttributesClass: "VolumeAttributesClass of the pvc",
  },
  Pod: {
    Ready: "The aggregate readiness state of this pod for accepting traffic.",
    Status: "The aggregate status of the containers in this pod.",
    Restarts:
      "The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.",
  },
  PodDisruptionBudget: {
    "Min Available": "The minimum number of pods that must be available.",
    "Max Unavailable": "The maximum number of pods that may be unavailable.",
    "Allowed Disruptions": "Calculated number of pods that may be disrupted at this time.",
  },
  PriorityLevelConfiguration: {
    // The models run the paragraphs together.
    NominalConcurrencyShares:
      '`nominalConcurrencyShares` (NCS) contributes to the computation of the NominalConcurrencyLimit (NominalCL) of this level. This is the number of execution seats available at this priority level. This is used both for requests dispatched from this priority level as well as requests dispatched from other priority levels borrowing seats from this level. The server\'s concurrency limit (ServerCL) is divided among the Limited priority levels in proportion to their NCS values:\n\nNominalCL(i)  = ceil( ServerCL * NCS(i) / sum_ncs ) sum_ncs = sum[priority level k] NCS(k)\n\nBigger numbers mean a larger nominal concurrency limit, at the expense of every other priority level.\n\nIf not specified, this field defaults to a value of 30.\n\nSetting this field to zero supports the construction of a "jail" for this priority level that is used to hold some request(s)',
  },
  ReplicaSet: {
    Selector:
      "Selector is a label query over pods that should match the replica count. If the selector is empty, it is defaulted to the labels present on the pod template. Label keys and values that must match in order to be controlled by this replica set. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
  },
  PodTemplate: { "Pod Labels": "The labels for the pod template." },
  StatefulSet: { Ready: "Number of the pod with ready state" },
  ResourceQuota: {
    Request: "Request represents a minimum amount of cpu/memory that a container may consume.",
    Limit:
      "Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.",
  },
  RoleBinding: {
    Role: "RoleRef can reference a Role in the current namespace or a ClusterRole in the global namespace. If the RoleRef cannot be resolved, the Authorizer must return an error.",
    Users: "Users in the roleBinding",
    Groups: "Groups in the roleBinding",
    ServiceAccounts: "ServiceAccounts in the roleBinding",
  },
  ValidatingAdmissionPolicy: {
    Validations: "Validations indicates the number of validation rules defined in this configuration",
    ParamKind: "ParamKind specifies the kind of resources used to parameterize this policy",
  },
  ValidatingAdmissionPolicyBinding: {
    PolicyName: "PolicyName indicates the policy definition which the policy binding binded to",
    ParamRef: "ParamRef indicates the param resource which sets the configration param",
  },
  ValidatingWebhookConfiguration: { Webhooks: WEBHOOKS },
};

const OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const OF_ALL: Record<string, string> = {
  Name: "name",
  Age: "creationTimestamp",
  "Created At": "creationTimestamp",
};

/** What a column shows, in the words of the model; the texts are read when the first table is asked for. */
export function columnDescription(kind: string, column: string): string {
  const ofAll = OF_ALL[column];
  if (ofAll) return describeModel(OBJECT_META, ofAll) ?? "";
  const text = TEXTS[kind]?.[column] ?? TEXTS[""]?.[column];
  if (text) return text;
  const [model, field] = FIELDS[kind]?.[column]?.split(" ") ?? [];
  return (model && describeModel(`io.k8s.api.${model}`, field)) || "";
}
