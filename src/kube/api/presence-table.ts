/**
 * Which fields Go's encoder writes or leaves out, where it is not what the model alone tells: there a required field is
 * always written, an optional struct, time or raw value only if it was given, any other optional field unless it is
 * empty, and `metadata` always. The form is that of the merge table; the marks are `a` always written (a struct that is
 * no pointer, a field without `omitempty`), `p` a pointer: written if it was given, even when empty, `n` a pointer without
 * `omitempty`: null if it was not given, `o` left out when empty. Source: the struct tags of k8s.io/api. `p` are also the
 * policies of HPAScalingRules: an empty list of them is refused, where none at all is filled in.
 */
export const PRESENCE_TABLE = `# admissionregistration.v1
MatchResources matchPolicy=p
MutatingWebhook failurePolicy=p matchPolicy=p reinvocationPolicy=p sideEffects=p timeoutSeconds=p
NamedRuleWithOperations scope=p
ParamRef parameterNotFoundAction=p
RuleWithOperations scope=p
ServiceReference path=p port=p
ValidatingAdmissionPolicy spec=a status=a
ValidatingAdmissionPolicyBinding spec=a
ValidatingAdmissionPolicySpec failurePolicy=p
ValidatingWebhook failurePolicy=p matchPolicy=p sideEffects=p timeoutSeconds=p
Validation reason=p
WebhookClientConfig url=p
# admissionregistration.v1alpha1
MatchResources matchPolicy=p
MutatingAdmissionPolicy spec=a
MutatingAdmissionPolicyBinding spec=a
MutatingAdmissionPolicySpec failurePolicy=p
NamedRuleWithOperations scope=p
ParamRef parameterNotFoundAction=p
# admissionregistration.v1beta1
MatchResources matchPolicy=p
NamedRuleWithOperations scope=p
ParamRef parameterNotFoundAction=p
ValidatingAdmissionPolicy spec=a status=a
ValidatingAdmissionPolicyBinding spec=a
ValidatingAdmissionPolicySpec failurePolicy=p
Validation reason=p
# apiserverinternal.v1alpha1
StorageVersionCondition lastTransitionTime=a message=o
StorageVersionStatus commonEncodingVersion=p
# apps.v1
ControllerRevision data=a
DaemonSet spec=a status=a
DaemonSetCondition lastTransitionTime=a
DaemonSetSpec revisionHistoryLimit=p selector=p updateStrategy=a
DaemonSetStatus collisionCount=p
Deployment spec=a status=a
DeploymentCondition lastTransitionTime=a lastUpdateTime=a
DeploymentSpec progressDeadlineSeconds=p replicas=p revisionHistoryLimit=p selector=p strategy=a
DeploymentStatus collisionCount=p terminatingReplicas=p
ReplicaSet spec=a status=a
ReplicaSetCondition lastTransitionTime=a
ReplicaSetSpec replicas=p selector=p template=a
ReplicaSetStatus terminatingReplicas=p
RollingUpdateStatefulSetStrategy partition=p
StatefulSet spec=a status=a
StatefulSetCondition lastTransitionTime=a
StatefulSetOrdinals start=a
StatefulSetSpec replicas=p revisionHistoryLimit=p selector=p serviceName=a updateStrategy=a
StatefulSetStatus availableReplicas=a collisionCount=p
# authentication.v1
SelfSubjectReview status=a
SelfSubjectReviewStatus userInfo=a
TokenRequest status=a
TokenRequestSpec expirationSeconds=p
TokenReview status=a
TokenReviewStatus user=a
# authorization.v1
LocalSubjectAccessReview status=a
SelfSubjectAccessReview status=a
SelfSubjectRulesReview status=a
SubjectAccessReview status=a
# autoscaling.v1
HorizontalPodAutoscaler spec=a status=a
HorizontalPodAutoscalerSpec minReplicas=p targetCPUUtilizationPercentage=p
HorizontalPodAutoscalerStatus currentCPUUtilizationPercentage=p observedGeneration=p
Scale spec=a status=a
# autoscaling.v2
HPAScalingRules policies=p selectPolicy=p stabilizationWindowSeconds=p
HorizontalPodAutoscaler spec=a status=a
HorizontalPodAutoscalerCondition lastTransitionTime=a
HorizontalPodAutoscalerSpec minReplicas=p
HorizontalPodAutoscalerStatus currentMetrics=a observedGeneration=p
MetricTarget averageUtilization=p
MetricValueStatus averageUtilization=p
# batch.v1
CronJob spec=a status=a
CronJobSpec failedJobsHistoryLimit=p startingDeadlineSeconds=p successfulJobsHistoryLimit=p suspend=p timeZone=p
Job spec=a status=a
JobCondition lastProbeTime=a lastTransitionTime=a
JobSpec activeDeadlineSeconds=p backoffLimit=p backoffLimitPerIndex=p completionMode=p completions=p managedBy=p manualSelector=p maxFailedIndexes=p parallelism=p podReplacementPolicy=p suspend=p ttlSecondsAfterFinished=p
JobStatus failedIndexes=p ready=p terminating=p
JobTemplateSpec spec=a
PodFailurePolicyOnExitCodesRequirement containerName=p
SuccessPolicyRule succeededCount=p succeededIndexes=p
# certificates.v1
CertificateSigningRequest status=a
CertificateSigningRequestCondition lastTransitionTime=a lastUpdateTime=a
CertificateSigningRequestSpec expirationSeconds=p
# coordination.v1
Lease spec=a
LeaseSpec holderIdentity=p leaseDurationSeconds=p leaseTransitions=p preferredHolder=p strategy=p
# coordination.v1alpha2
LeaseCandidate spec=a
LeaseCandidateSpec strategy=o
# coordination.v1beta1
LeaseCandidate spec=a
LeaseCandidateSpec strategy=o
# core.v1
AppArmorProfile localhostProfile=p
AzureDiskVolumeSource cachingMode=p fsType=p kind=p readOnly=p
AzureFilePersistentVolumeSource secretNamespace=p
CSIVolumeSource fsType=p readOnly=p
ClientIPConfig timeoutSeconds=p
ClusterTrustBundleProjection name=p optional=p signerName=p
ConfigMap immutable=p
ConfigMapEnvSource optional=p
ConfigMapKeySelector optional=p
ConfigMapProjection optional=p
ConfigMapVolumeSource defaultMode=p optional=p
Container resources=a restartPolicy=p
ContainerImage names=a
ContainerStateRunning startedAt=a
ContainerStateTerminated finishedAt=a startedAt=a
ContainerStatus lastState=a started=p state=a stopSignal=p
DownwardAPIVolumeFile mode=p
DownwardAPIVolumeSource defaultMode=p
EndpointAddress nodeName=p
EndpointPort appProtocol=p
EphemeralContainer resources=a restartPolicy=p
Event eventTime=a firstTimestamp=a lastTimestamp=a reportingComponent=a reportingInstance=a source=a
EventSeries lastObservedTime=a
FCVolumeSource lun=p
GRPCAction service=p
GlusterfsPersistentVolumeSource endpointsNamespace=p
HostPathVolumeSource type=p
ISCSIPersistentVolumeSource initiatorName=p
ISCSIVolumeSource initiatorName=p
KeyToPath mode=p
Lifecycle stopSignal=p
LimitRange spec=a
LoadBalancerIngress ipMode=p
LocalVolumeSource fsType=p
Namespace spec=a status=a
NamespaceCondition lastTransitionTime=a
Node spec=a status=a
NodeCondition lastHeartbeatTime=a lastTransitionTime=a
NodeDaemonEndpoints kubeletEndpoint=a
NodeFeatures supplementalGroupsPolicy=p
NodeRuntimeHandler name=a
NodeRuntimeHandlerFeatures recursiveReadOnlyMounts=p userNamespaces=p
NodeStatus daemonEndpoints=a nodeInfo=a
NodeSwapStatus capacity=p
PersistentVolume spec=a status=a
PersistentVolumeClaim spec=a status=a
PersistentVolumeClaimCondition lastProbeTime=a lastTransitionTime=a
PersistentVolumeClaimSpec resources=a storageClassName=p volumeAttributesClassName=p volumeMode=p
PersistentVolumeClaimStatus currentVolumeAttributesClassName=p
PersistentVolumeSpec volumeAttributesClassName=p volumeMode=p
Pod spec=a status=a
PodCondition lastProbeTime=a lastTransitionTime=a
PodDNSConfigOption value=p
PodResourceClaim resourceClaimName=p resourceClaimTemplateName=p
PodResourceClaimStatus resourceClaimName=p
PodSecurityContext fsGroup=p fsGroupChangePolicy=p runAsGroup=p runAsNonRoot=p runAsUser=p seLinuxChangePolicy=p supplementalGroupsPolicy=p
PodSpec activeDeadlineSeconds=p automountServiceAccountToken=p enableServiceLinks=p hostUsers=p preemptionPolicy=p priority=p runtimeClassName=p setHostnameAsFQDN=p shareProcessNamespace=p terminationGracePeriodSeconds=p
PodTemplate template=a
PodTemplateSpec spec=a
PortStatus error=p
Probe terminationGracePeriodSeconds=p
ProjectedVolumeSource defaultMode=p sources=a
ReplicationController spec=a status=a
ReplicationControllerCondition lastTransitionTime=a
ReplicationControllerSpec replicas=p
ResourceFieldSelector divisor=a
ResourceQuota spec=a status=a
ScaleIOPersistentVolumeSource secretRef=p
ScaleIOVolumeSource secretRef=p
SeccompProfile localhostProfile=p
Secret immutable=p
SecretEnvSource optional=p
SecretKeySelector optional=p
SecretProjection optional=p
SecretVolumeSource defaultMode=p optional=p
SecurityContext allowPrivilegeEscalation=p privileged=p procMount=p readOnlyRootFilesystem=p runAsGroup=p runAsNonRoot=p runAsUser=p
Service spec=a status=a
ServiceAccount automountServiceAccountToken=p
ServiceAccountTokenProjection expirationSeconds=p
ServicePort appProtocol=p targetPort=a
ServiceSpec allocateLoadBalancerNodePorts=p internalTrafficPolicy=p ipFamilyPolicy=p loadBalancerClass=p trafficDistribution=p
ServiceStatus loadBalancer=a
Toleration tolerationSeconds=p
TopologySpreadConstraint minDomains=p nodeAffinityPolicy=p nodeTaintsPolicy=p
TypedLocalObjectReference apiGroup=n
TypedObjectReference apiGroup=n namespace=p
VolumeMount mountPropagation=p recursiveReadOnly=p
VolumeMountStatus recursiveReadOnly=p
WindowsSecurityContextOptions gmsaCredentialSpec=p gmsaCredentialSpecName=p hostProcess=p runAsUserName=p
# discovery.v1
Endpoint conditions=a hostname=p nodeName=p zone=p
EndpointConditions ready=p serving=p terminating=p
EndpointPort appProtocol=p name=p port=p protocol=p
EndpointSlice ports=a
# events.v1
Event deprecatedFirstTimestamp=a deprecatedLastTimestamp=a deprecatedSource=a regarding=a
# flowcontrol.v1
ExemptPriorityLevelConfiguration lendablePercent=p nominalConcurrencyShares=p
FlowSchema spec=a status=a
FlowSchemaCondition lastTransitionTime=a
FlowSchemaSpec matchingPrecedence=a
LimitedPriorityLevelConfiguration borrowingLimitPercent=p lendablePercent=p limitResponse=a nominalConcurrencyShares=p
PriorityLevelConfiguration spec=a status=a
PriorityLevelConfigurationCondition lastTransitionTime=a
QueuingConfiguration handSize=a queueLengthLimit=a queues=a
ResourcePolicyRule namespaces=a
# networking.v1
HTTPIngressPath pathType=p
IPAddress spec=a
IPAddressSpec parentRef=p
Ingress spec=a status=a
IngressClass spec=a
IngressClassParametersReference apiGroup=p namespace=p scope=p
IngressPortStatus error=p
IngressServiceBackend port=a
IngressSpec ingressClassName=p
IngressStatus loadBalancer=a
NetworkPolicy spec=a
NetworkPolicyPort endPort=p protocol=p
ParentReference name=o resource=o
ServiceCIDR spec=a status=a
# networking.v1beta1
IPAddress spec=a
IPAddressSpec parentRef=p
ParentReference name=o resource=o
ServiceCIDR spec=a status=a
# policy.v1
PodDisruptionBudget spec=a status=a
PodDisruptionBudgetSpec unhealthyPodEvictionPolicy=p
# rbac.v1
ClusterRole rules=a
Role rules=a
# resource.v1alpha3
AllocatedDeviceStatus conditions=a
AllocationResult devices=a
BasicDevice allNodes=p nodeName=p
CounterSet counters=o
DeviceAttribute bool=p int=p string=p version=p
DeviceClaim requests=a
DeviceConstraint matchAttribute=p
DeviceCounterConsumption counters=o
DeviceRequest adminAccess=p deviceClassName=a
DeviceRequestAllocationResult adminAccess=p
DeviceTaintSelector device=p deviceClassName=p driver=p pool=p
DeviceToleration tolerationSeconds=p
ResourceClaim status=a
ResourceClaimSpec devices=a
ResourceSliceSpec devices=a perDeviceNodeSelection=p
# resource.v1beta1
AllocatedDeviceStatus conditions=a
AllocationResult devices=a
BasicDevice allNodes=p nodeName=p
CounterSet counters=o
DeviceAttribute bool=p int=p string=p version=p
DeviceClaim requests=a
DeviceConstraint matchAttribute=p
DeviceCounterConsumption counters=o
DeviceRequest adminAccess=p deviceClassName=a
DeviceRequestAllocationResult adminAccess=p
DeviceToleration tolerationSeconds=p
ResourceClaim status=a
ResourceClaimSpec devices=a
ResourceSliceSpec devices=a perDeviceNodeSelection=p
# resource.v1beta2
AllocatedDeviceStatus conditions=a
AllocationResult devices=a
CounterSet counters=o
Device allNodes=p nodeName=p
DeviceAttribute bool=p int=p string=p version=p
DeviceClaim requests=a
DeviceConstraint matchAttribute=p
DeviceCounterConsumption counters=o
DeviceRequestAllocationResult adminAccess=p
DeviceToleration tolerationSeconds=p
ExactDeviceRequest adminAccess=p
ResourceClaim status=a
ResourceClaimSpec devices=a
ResourceSliceSpec allNodes=p devices=a nodeName=p perDeviceNodeSelection=p
# scheduling.v1
PriorityClass preemptionPolicy=p
# storage.v1
CSIDriverSpec attachRequired=p fsGroupPolicy=p nodeAllocatableUpdatePeriodSeconds=p podInfoOnMount=p requiresRepublish=p seLinuxMount=p storageCapacity=p
CSINodeDriver topologyKeys=a
StorageClass allowVolumeExpansion=p reclaimPolicy=p volumeBindingMode=p
TokenRequest expirationSeconds=p
VolumeAttachment status=a
VolumeAttachmentSource persistentVolumeName=p
VolumeError errorCode=p time=a
VolumeNodeResources count=p
# storagemigration.v1alpha1
MigrationCondition lastUpdateTime=a
StorageVersionMigration spec=a status=a
# /io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1
CustomResourceDefinition status=a
CustomResourceDefinitionCondition lastTransitionTime=a
CustomResourceDefinitionStatus acceptedNames=a conditions=a storedVersions=a
CustomResourceDefinitionVersion deprecationWarning=p
CustomResourceSubresourceScale labelSelectorPath=p
JSONSchemaProps $ref=p dependencies=p maxItems=p maxLength=p maxProperties=p maximum=p minItems=p minLength=p minProperties=p minimum=p multipleOf=p x-kubernetes-list-type=p x-kubernetes-map-type=p x-kubernetes-preserve-unknown-fields=p
ServiceReference path=p port=p
ValidationRule optionalOldSelf=p reason=p
WebhookClientConfig url=p
# /io.k8s.apimachinery.pkg.apis.meta.v1
APIGroup preferredVersion=a
DeleteOptions gracePeriodSeconds=p ignoreStoreReadErrorWithClusterBreakingPotential=p orphanDependents=p propagationPolicy=p
ListMeta remainingItemCount=p
ObjectMeta creationTimestamp=a deletionGracePeriodSeconds=p
OwnerReference blockOwnerDeletion=p controller=p
Preconditions resourceVersion=p uid=p
# /io.k8s.kube-aggregator.pkg.apis.apiregistration.v1
APIService spec=a status=a
APIServiceCondition lastTransitionTime=a
ServiceReference port=p
`;
