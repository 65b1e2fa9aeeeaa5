/**
 * How lists and maps merge, for the fields where it is not the default. `# core.v1` opens a package (short for
 * `io.k8s.api.core.v1`; a leading `/` gives the whole name), each further line is a definition with `field=marks`:
 * `a` atomic list, `s` set, `m(keys)` map list, `A` atomic map, `g` granular map; `+key` a strategic merge patch merges by this key
 * (`+` alone: a list of scalars), `&` retainKeys, `!` replace. The field `.` speaks of the definition itself.
 */
export const MERGE_TABLE = `# admissionregistration.v1
MatchResources .=a excludeResourceRules=a resourceRules=a
MutatingWebhook admissionReviewVersions=a matchConditions=m(name)+name rules=a
MutatingWebhookConfiguration webhooks=m(name)+name
NamedRuleWithOperations .=a apiGroups=a apiVersions=a operations=a resourceNames=a resources=a
ParamKind .=a
ParamRef .=a
RuleWithOperations apiGroups=a apiVersions=a operations=a resources=a
TypeChecking expressionWarnings=a
ValidatingAdmissionPolicyBindingSpec validationActions=s
ValidatingAdmissionPolicySpec auditAnnotations=a matchConditions=m(name)+name validations=a variables=m(name)+name
ValidatingAdmissionPolicyStatus conditions=m(type)
ValidatingWebhook admissionReviewVersions=a matchConditions=m(name)+name rules=a
ValidatingWebhookConfiguration webhooks=m(name)+name
Variable .=a
# admissionregistration.v1alpha1
MatchResources .=a excludeResourceRules=a resourceRules=a
MutatingAdmissionPolicySpec matchConditions=m(name)+name mutations=a variables=a
NamedRuleWithOperations .=a apiGroups=a apiVersions=a operations=a resourceNames=a resources=a
ParamKind .=a
ParamRef .=a
# admissionregistration.v1beta1
MatchResources .=a excludeResourceRules=a resourceRules=a
NamedRuleWithOperations .=a apiGroups=a apiVersions=a operations=a resourceNames=a resources=a
ParamKind .=a
ParamRef .=a
TypeChecking expressionWarnings=a
ValidatingAdmissionPolicyBindingSpec validationActions=s
ValidatingAdmissionPolicySpec auditAnnotations=a matchConditions=m(name)+name validations=a variables=m(name)+name
ValidatingAdmissionPolicyStatus conditions=m(type)
Variable .=a
# apiserverinternal.v1alpha1
ServerStorageVersion decodableVersions=s servedVersions=s
StorageVersionStatus conditions=m(type) storageVersions=m(apiServerID)
# apps.v1
DaemonSetStatus conditions=m(type)+type
DeploymentSpec strategy=&
DeploymentStatus conditions=m(type)+type
ReplicaSetStatus conditions=m(type)+type
StatefulSetSpec volumeClaimTemplates=a
StatefulSetStatus conditions=m(type)+type
# authentication.v1
TokenRequestSpec audiences=a
TokenReviewSpec audiences=a
TokenReviewStatus audiences=a
UserInfo groups=a
# authorization.v1
FieldSelectorAttributes requirements=a
LabelSelectorAttributes requirements=a
NonResourceRule nonResourceURLs=a verbs=a
ResourceRule apiGroups=a resourceNames=a resources=a verbs=a
SubjectAccessReviewSpec groups=a
SubjectRulesReviewStatus nonResourceRules=a resourceRules=a
# autoscaling.v1
CrossVersionObjectReference .=a
# autoscaling.v2
HPAScalingRules policies=a
HorizontalPodAutoscalerSpec metrics=a
HorizontalPodAutoscalerStatus conditions=m(type)+type currentMetrics=a
# batch.v1
CronJobStatus active=a
JobStatus conditions=a+type
PodFailurePolicy rules=a
PodFailurePolicyOnExitCodesRequirement values=s
PodFailurePolicyRule onPodConditions=a
SuccessPolicy rules=a
UncountedTerminatedPods failed=s succeeded=s
# certificates.v1
CertificateSigningRequestSpec groups=a request=a usages=a
CertificateSigningRequestStatus certificate=a conditions=m(type)
# core.v1
Capabilities add=a drop=a
CephFSPersistentVolumeSource monitors=a
CephFSVolumeSource monitors=a
ComponentStatus conditions=m(type)+type
ConfigMapKeySelector .=a
ConfigMapProjection items=a
ConfigMapVolumeSource items=a
Container args=a command=a env=m(name)+name envFrom=a ports=m(containerPort,protocol)+containerPort resizePolicy=a volumeDevices=m(devicePath)+devicePath volumeMounts=m(mountPath)+mountPath
ContainerImage names=a
ContainerStatus allocatedResourcesStatus=m(name)+name volumeMounts=m(mountPath)+mountPath
DownwardAPIProjection items=a
DownwardAPIVolumeSource items=a
EndpointAddress .=a
EndpointPort .=a
EndpointSubset addresses=a notReadyAddresses=a ports=a
Endpoints subsets=a
EphemeralContainer args=a command=a env=m(name)+name envFrom=a ports=m(containerPort,protocol)+containerPort resizePolicy=a volumeDevices=m(devicePath)+devicePath volumeMounts=m(mountPath)+mountPath
ExecAction command=a
FCVolumeSource targetWWNs=a wwids=a
HTTPGetAction httpHeaders=a
HostAlias hostnames=a
ISCSIPersistentVolumeSource portals=a
ISCSIVolumeSource portals=a
LimitRangeSpec limits=a
LinuxContainerUser supplementalGroups=a
LoadBalancerIngress ports=a
LoadBalancerStatus ingress=a
LocalObjectReference .=a
NamespaceSpec finalizers=a
NamespaceStatus conditions=m(type)+type
NodeAffinity preferredDuringSchedulingIgnoredDuringExecution=a
NodeSelector .=a nodeSelectorTerms=a
NodeSelectorRequirement values=a
NodeSelectorTerm .=a matchExpressions=a matchFields=a
NodeSpec podCIDRs=s+ taints=a
NodeStatus addresses=m(type)+type conditions=m(type)+type images=a runtimeHandlers=a volumesAttached=a volumesInUse=a
ObjectFieldSelector .=a
ObjectReference .=a
PersistentVolumeClaimSpec accessModes=a
PersistentVolumeClaimStatus accessModes=a allocatedResourceStatuses=g conditions=m(type)+type
PersistentVolumeSpec accessModes=a claimRef=g mountOptions=a
PodAffinity preferredDuringSchedulingIgnoredDuringExecution=a requiredDuringSchedulingIgnoredDuringExecution=a
PodAffinityTerm matchLabelKeys=a mismatchLabelKeys=a namespaces=a
PodAntiAffinity preferredDuringSchedulingIgnoredDuringExecution=a requiredDuringSchedulingIgnoredDuringExecution=a
PodDNSConfig nameservers=a options=a searches=a
PodSecurityContext supplementalGroups=a sysctls=a
PodSpec containers=m(name)+name ephemeralContainers=m(name)+name hostAliases=m(ip)+ip imagePullSecrets=m(name)+name initContainers=m(name)+name nodeSelector=A readinessGates=a resourceClaims=m(name)+name& schedulingGates=m(name)+name tolerations=a topologySpreadConstraints=m(topologyKey,whenUnsatisfiable)+topologyKey volumes=m(name)+name&
PodStatus conditions=m(type)+type containerStatuses=a ephemeralContainerStatuses=a hostIPs=a+ip initContainerStatuses=a podIPs=m(ip)+ip resourceClaimStatuses=m(name)+name&
ProjectedVolumeSource sources=a
RBDPersistentVolumeSource monitors=a
RBDVolumeSource monitors=a
ReplicationControllerSpec selector=A
ReplicationControllerStatus conditions=m(type)+type
ResourceFieldSelector .=a
ResourceQuotaSpec scopes=a
ResourceRequirements claims=m(name)
ResourceStatus resources=m(resourceID)
ScopeSelector .=a matchExpressions=a
ScopedResourceSelectorRequirement values=a
SecretKeySelector .=a
SecretProjection items=a
SecretReference .=a
SecretVolumeSource items=a
ServiceAccount imagePullSecrets=a secrets=m(name)+name
ServiceSpec clusterIPs=a externalIPs=a ipFamilies=a loadBalancerSourceRanges=a ports=m(port,protocol)+port selector=A
ServiceStatus conditions=m(type)+type
TopologySelectorLabelRequirement values=a
TopologySelectorTerm .=a matchLabelExpressions=a
TopologySpreadConstraint matchLabelKeys=a
TypedLocalObjectReference .=a
# discovery.v1
Endpoint addresses=s
EndpointHints forNodes=a forZones=a
EndpointPort .=a
EndpointSlice endpoints=a ports=a
# flowcontrol.v1
FlowSchemaSpec rules=a
FlowSchemaStatus conditions=m(type)+type
NonResourcePolicyRule nonResourceURLs=s verbs=s
PolicyRulesWithSubjects nonResourceRules=a resourceRules=a subjects=a
PriorityLevelConfigurationStatus conditions=m(type)+type
ResourcePolicyRule apiGroups=s namespaces=s resources=s verbs=s
# networking.v1
HTTPIngressRuleValue paths=a
IPBlock except=a
IngressLoadBalancerIngress ports=a
IngressLoadBalancerStatus ingress=a
IngressSpec rules=a tls=a
IngressTLS hosts=a
NetworkPolicyEgressRule ports=a to=a
NetworkPolicyIngressRule from=a ports=a
NetworkPolicySpec egress=a ingress=a policyTypes=a
ServiceBackendPort .=a
ServiceCIDRSpec cidrs=a
ServiceCIDRStatus conditions=m(type)+type
# networking.v1beta1
ServiceCIDRSpec cidrs=a
ServiceCIDRStatus conditions=m(type)+type
# node.v1
Scheduling nodeSelector=A tolerations=a
# policy.v1
PodDisruptionBudgetSpec selector=!
PodDisruptionBudgetStatus conditions=m(type)+type
# rbac.v1
AggregationRule clusterRoleSelectors=a
ClusterRole rules=a
ClusterRoleBinding subjects=a
PolicyRule apiGroups=a nonResourceURLs=a resourceNames=a resources=a verbs=a
Role rules=a
RoleBinding subjects=a
RoleRef .=a
Subject .=a
# resource.v1alpha3
AllocatedDeviceStatus conditions=m(type)
BasicDevice consumesCounters=a taints=a
DeviceAllocationConfiguration requests=a
DeviceAllocationResult config=a results=a
DeviceClaim config=a constraints=a requests=a
DeviceClaimConfiguration requests=a
DeviceClassSpec config=a selectors=a
DeviceConstraint requests=a
DeviceRequest firstAvailable=a selectors=a tolerations=a
DeviceRequestAllocationResult tolerations=a
DeviceSubRequest selectors=a tolerations=a
DeviceTaintSelector selectors=a
NetworkDeviceData ips=a
ResourceClaimStatus devices=m(driver,device,pool) reservedFor=m(uid)+uid
ResourceSliceSpec devices=a sharedCounters=a
# resource.v1beta1
AllocatedDeviceStatus conditions=m(type)
BasicDevice consumesCounters=a taints=a
DeviceAllocationConfiguration requests=a
DeviceAllocationResult config=a results=a
DeviceClaim config=a constraints=a requests=a
DeviceClaimConfiguration requests=a
DeviceClassSpec config=a selectors=a
DeviceConstraint requests=a
DeviceRequest firstAvailable=a selectors=a tolerations=a
DeviceRequestAllocationResult tolerations=a
DeviceSubRequest selectors=a tolerations=a
NetworkDeviceData ips=a
ResourceClaimStatus devices=m(driver,device,pool) reservedFor=m(uid)+uid
ResourceSliceSpec devices=a sharedCounters=a
# resource.v1beta2
AllocatedDeviceStatus conditions=m(type)
Device consumesCounters=a taints=a
DeviceAllocationConfiguration requests=a
DeviceAllocationResult config=a results=a
DeviceClaim config=a constraints=a requests=a
DeviceClaimConfiguration requests=a
DeviceClassSpec config=a selectors=a
DeviceConstraint requests=a
DeviceRequest firstAvailable=a
DeviceRequestAllocationResult tolerations=a
DeviceSubRequest selectors=a tolerations=a
ExactDeviceRequest selectors=a tolerations=a
NetworkDeviceData ips=a
ResourceClaimStatus devices=m(driver,device,pool) reservedFor=m(uid)+uid
ResourceSliceSpec devices=a sharedCounters=a
# storage.v1
CSIDriverSpec tokenRequests=a volumeLifecycleModes=s
CSINodeDriver topologyKeys=a
CSINodeSpec drivers=m(name)+name
StorageClass allowedTopologies=a mountOptions=a
# storagemigration.v1alpha1
StorageVersionMigrationList items=m(type)+type
StorageVersionMigrationStatus conditions=m(type)+type
# /io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1
CustomResourceDefinitionNames categories=a shortNames=a
CustomResourceDefinitionSpec versions=a
CustomResourceDefinitionStatus conditions=m(type) storedVersions=a
CustomResourceDefinitionVersion additionalPrinterColumns=a selectableFields=a
JSONSchemaProps allOf=a anyOf=a enum=a oneOf=a required=a x-kubernetes-list-map-keys=a x-kubernetes-validations=m(rule)+rule
WebhookConversion conversionReviewVersions=a
# /io.k8s.apimachinery.pkg.apis.meta.v1
APIGroup serverAddressByClientCIDRs=a versions=a
APIGroupList groups=a
APIResource categories=a shortNames=a
APIResourceList resources=a
APIVersions serverAddressByClientCIDRs=a versions=a
DeleteOptions dryRun=a
FieldSelectorRequirement values=a
LabelSelector .=a matchExpressions=a
LabelSelectorRequirement values=a
ObjectMeta finalizers=s+ managedFields=a ownerReferences=m(uid)+uid
OwnerReference .=a
Status details=a
StatusDetails causes=a
# /io.k8s.kube-aggregator.pkg.apis.apiregistration.v1
APIServiceSpec caBundle=a
APIServiceStatus conditions=m(type)+type
`;
