/** Protobuf messages of the remaining groups: admission, authentication, authorization, networking, storage and more; the notation is explained in ../message-table.ts. */
export const CLUSTER_MESSAGES = `# admission.v1
AdmissionRequest uid kind:~GroupVersionKind resource:~GroupVersionResource subResource name namespace operation userInfo:authentication.v1.UserInfo object:r oldObject:r dryRun:b options:r requestKind:~GroupVersionKind requestResource:~GroupVersionResource requestSubResource
AdmissionResponse uid allowed:b status:~Status patch:y patchType auditAnnotations:{}s warnings:*s
AdmissionReview request:AdmissionRequest response:AdmissionResponse
# admission.v1beta1
AdmissionRequest @admission.v1
AdmissionResponse @admission.v1
AdmissionReview @admission.v1
# admissionregistration.v1
AuditAnnotation key valueExpression
ExpressionWarning fieldRef=2 warning
MatchCondition name expression
MatchResources namespaceSelector:~LabelSelector objectSelector:~LabelSelector resourceRules:*NamedRuleWithOperations excludeResourceRules:*NamedRuleWithOperations matchPolicy?=7
MutatingWebhook name clientConfig:WebhookClientConfig rules:*RuleWithOperations failurePolicy? namespaceSelector:~LabelSelector sideEffects? timeoutSeconds?:i admissionReviewVersions:*s matchPolicy? reinvocationPolicy? objectSelector:~LabelSelector matchConditions:*MatchCondition
MutatingWebhookConfiguration metadata:~ObjectMeta webhooks:*MutatingWebhook
MutatingWebhookConfigurationList metadata:~ListMeta items:*MutatingWebhookConfiguration
NamedRuleWithOperations resourceNames:*s ^:RuleWithOperations
ParamKind apiVersion kind
ParamRef name namespace selector:~LabelSelector parameterNotFoundAction?
Rule apiGroups:*s apiVersions:*s resources:*s scope?
RuleWithOperations operations:*s ^:Rule
ServiceReference @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
TypeChecking expressionWarnings:*ExpressionWarning
ValidatingAdmissionPolicy metadata:~ObjectMeta spec:ValidatingAdmissionPolicySpec status:ValidatingAdmissionPolicyStatus
ValidatingAdmissionPolicyBinding metadata:~ObjectMeta spec:ValidatingAdmissionPolicyBindingSpec
ValidatingAdmissionPolicyBindingList metadata:~ListMeta items:*ValidatingAdmissionPolicyBinding
ValidatingAdmissionPolicyBindingSpec policyName paramRef:ParamRef matchResources:MatchResources validationActions:*s
ValidatingAdmissionPolicyList metadata:~ListMeta items:*ValidatingAdmissionPolicy
ValidatingAdmissionPolicySpec paramKind:ParamKind matchConstraints:MatchResources validations:*Validation failurePolicy? auditAnnotations:*AuditAnnotation matchConditions:*MatchCondition variables:*Variable
ValidatingAdmissionPolicyStatus observedGeneration:l typeChecking:TypeChecking conditions:*~Condition
ValidatingWebhook name clientConfig:WebhookClientConfig rules:*RuleWithOperations failurePolicy? namespaceSelector:~LabelSelector sideEffects? timeoutSeconds?:i admissionReviewVersions:*s matchPolicy? objectSelector:~LabelSelector matchConditions:*MatchCondition
ValidatingWebhookConfiguration metadata:~ObjectMeta webhooks:*ValidatingWebhook
ValidatingWebhookConfigurationList metadata:~ListMeta items:*ValidatingWebhookConfiguration
Validation expression message reason? messageExpression
Variable name expression
WebhookClientConfig @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
# admissionregistration.v1alpha1
ApplyConfiguration expression
AuditAnnotation key valueExpression
ExpressionWarning fieldRef=2 warning
JSONPatch expression
MatchCondition name expression
MatchResources @admissionregistration.v1
MutatingAdmissionPolicy metadata:~ObjectMeta spec:MutatingAdmissionPolicySpec
MutatingAdmissionPolicyBinding metadata:~ObjectMeta spec:MutatingAdmissionPolicyBindingSpec
MutatingAdmissionPolicyBindingList metadata:~ListMeta items:*MutatingAdmissionPolicyBinding
MutatingAdmissionPolicyBindingSpec policyName paramRef:ParamRef matchResources:MatchResources
MutatingAdmissionPolicyList metadata:~ListMeta items:*MutatingAdmissionPolicy
MutatingAdmissionPolicySpec paramKind:ParamKind matchConstraints:MatchResources variables:*Variable mutations:*Mutation failurePolicy matchConditions:*MatchCondition reinvocationPolicy
Mutation patchType=2 applyConfiguration:ApplyConfiguration jsonPatch:JSONPatch
NamedRuleWithOperations resourceNames:*s ^:admissionregistration.v1.RuleWithOperations
ParamKind apiVersion kind
ParamRef @admissionregistration.v1
TypeChecking @admissionregistration.v1
ValidatingAdmissionPolicy @admissionregistration.v1
ValidatingAdmissionPolicyBinding @admissionregistration.v1
ValidatingAdmissionPolicyBindingList @admissionregistration.v1
ValidatingAdmissionPolicyBindingSpec @admissionregistration.v1
ValidatingAdmissionPolicyList @admissionregistration.v1
ValidatingAdmissionPolicySpec @admissionregistration.v1
ValidatingAdmissionPolicyStatus @admissionregistration.v1
Validation @admissionregistration.v1
Variable name expression
# admissionregistration.v1beta1
AuditAnnotation key valueExpression
ExpressionWarning fieldRef=2 warning
MatchCondition name expression
MatchResources @admissionregistration.v1
MutatingWebhook name clientConfig:WebhookClientConfig rules:*admissionregistration.v1.RuleWithOperations failurePolicy? namespaceSelector:~LabelSelector sideEffects? timeoutSeconds?:i admissionReviewVersions:*s matchPolicy? reinvocationPolicy? objectSelector:~LabelSelector matchConditions:*MatchCondition
MutatingWebhookConfiguration @admissionregistration.v1
MutatingWebhookConfigurationList @admissionregistration.v1
NamedRuleWithOperations @admissionregistration.v1alpha1
ParamKind apiVersion kind
ParamRef @admissionregistration.v1
ServiceReference @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
TypeChecking @admissionregistration.v1
ValidatingAdmissionPolicy @admissionregistration.v1
ValidatingAdmissionPolicyBinding @admissionregistration.v1
ValidatingAdmissionPolicyBindingList @admissionregistration.v1
ValidatingAdmissionPolicyBindingSpec @admissionregistration.v1
ValidatingAdmissionPolicyList @admissionregistration.v1
ValidatingAdmissionPolicySpec @admissionregistration.v1
ValidatingAdmissionPolicyStatus @admissionregistration.v1
ValidatingWebhook name clientConfig:WebhookClientConfig rules:*admissionregistration.v1.RuleWithOperations failurePolicy? namespaceSelector:~LabelSelector sideEffects? timeoutSeconds?:i admissionReviewVersions:*s matchPolicy? objectSelector:~LabelSelector matchConditions:*MatchCondition
ValidatingWebhookConfiguration @admissionregistration.v1
ValidatingWebhookConfigurationList @admissionregistration.v1
Validation @admissionregistration.v1
Variable name expression
WebhookClientConfig @/k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1
# apidiscovery.v2
APIGroupDiscovery metadata:~ObjectMeta versions:*APIVersionDiscovery
APIGroupDiscoveryList metadata:~ListMeta items:*APIGroupDiscovery
APIResourceDiscovery resource responseKind:~GroupVersionKind scope singularResource verbs:*s shortNames:*s categories:*s subresources:*APISubresourceDiscovery
APISubresourceDiscovery subresource responseKind:~GroupVersionKind acceptedTypes:*~GroupVersionKind verbs:*s
APIVersionDiscovery version resources:*APIResourceDiscovery freshness
# apidiscovery.v2beta1
APIGroupDiscovery @apidiscovery.v2
APIGroupDiscoveryList @apidiscovery.v2
APIResourceDiscovery @apidiscovery.v2
APISubresourceDiscovery @apidiscovery.v2
APIVersionDiscovery @apidiscovery.v2
# apiserverinternal.v1alpha1
ServerStorageVersion apiServerID encodingVersion decodableVersions:*s servedVersions:*s
StorageVersion metadata:~ObjectMeta spec:StorageVersionSpec status:StorageVersionStatus
StorageVersionCondition type status observedGeneration:l lastTransitionTime:t reason message
StorageVersionList metadata:~ListMeta items:*StorageVersion
StorageVersionSpec
StorageVersionStatus storageVersions:*ServerStorageVersion commonEncodingVersion conditions:*StorageVersionCondition
# authentication.v1
BoundObjectReference kind apiVersion name uid
ExtraValue items:*s
SelfSubjectReview metadata:~ObjectMeta status:SelfSubjectReviewStatus
SelfSubjectReviewStatus userInfo:UserInfo
TokenRequest metadata:~ObjectMeta spec:TokenRequestSpec status:TokenRequestStatus
TokenRequestSpec audiences:*s boundObjectRef=3:BoundObjectReference expirationSeconds?:l
TokenRequestStatus token expirationTimestamp:t
TokenReview metadata:~ObjectMeta spec:TokenReviewSpec status:TokenReviewStatus
TokenReviewSpec token audiences:*s
TokenReviewStatus authenticated:b user:UserInfo error audiences:*s
UserInfo username uid groups:*s extra:{}ExtraValue
# authentication.v1alpha1
SelfSubjectReview @authentication.v1
SelfSubjectReviewStatus userInfo:authentication.v1.UserInfo
# authentication.v1beta1
ExtraValue items:*s
SelfSubjectReview @authentication.v1
SelfSubjectReviewStatus @authentication.v1alpha1
TokenReview @authentication.v1
TokenReviewSpec token audiences:*s
TokenReviewStatus @authentication.v1
UserInfo @authentication.v1
# authorization.v1
ExtraValue items:*s
FieldSelectorAttributes rawSelector requirements:*~FieldSelectorRequirement
LabelSelectorAttributes rawSelector requirements:*~LabelSelectorRequirement
LocalSubjectAccessReview metadata:~ObjectMeta spec:SubjectAccessReviewSpec status:SubjectAccessReviewStatus
NonResourceAttributes path verb
NonResourceRule verbs:*s nonResourceURLs:*s
ResourceAttributes namespace verb group version resource subresource name fieldSelector:FieldSelectorAttributes labelSelector:LabelSelectorAttributes
ResourceRule verbs:*s apiGroups:*s resources:*s resourceNames:*s
SelfSubjectAccessReview metadata:~ObjectMeta spec:SelfSubjectAccessReviewSpec status:SubjectAccessReviewStatus
SelfSubjectAccessReviewSpec resourceAttributes:ResourceAttributes nonResourceAttributes:NonResourceAttributes
SelfSubjectRulesReview metadata:~ObjectMeta spec:SelfSubjectRulesReviewSpec status:SubjectRulesReviewStatus
SelfSubjectRulesReviewSpec namespace
SubjectAccessReview metadata:~ObjectMeta spec:SubjectAccessReviewSpec status:SubjectAccessReviewStatus
SubjectAccessReviewSpec resourceAttributes:ResourceAttributes nonResourceAttributes:NonResourceAttributes user groups:*s extra:{}ExtraValue uid
SubjectAccessReviewStatus allowed:b reason evaluationError denied:b
SubjectRulesReviewStatus resourceRules:*ResourceRule nonResourceRules:*NonResourceRule incomplete:b evaluationError
# authorization.v1beta1
ExtraValue items:*s
LocalSubjectAccessReview @authorization.v1
NonResourceAttributes path verb
NonResourceRule @authorization.v1
ResourceAttributes namespace verb group version resource subresource name fieldSelector:authorization.v1.FieldSelectorAttributes labelSelector:authorization.v1.LabelSelectorAttributes
ResourceRule @authorization.v1
SelfSubjectAccessReview @authorization.v1
SelfSubjectAccessReviewSpec @authorization.v1
SelfSubjectRulesReview @authorization.v1
SelfSubjectRulesReviewSpec namespace
SubjectAccessReview @authorization.v1
SubjectAccessReviewSpec resourceAttributes:ResourceAttributes nonResourceAttributes:NonResourceAttributes user group:*s extra:{}ExtraValue uid
SubjectAccessReviewStatus @authorization.v1
SubjectRulesReviewStatus @authorization.v1
# certificates.v1
CertificateSigningRequest metadata:~ObjectMeta spec:CertificateSigningRequestSpec status:CertificateSigningRequestStatus
CertificateSigningRequestCondition type reason message lastUpdateTime:t lastTransitionTime:t status
CertificateSigningRequestList metadata:~ListMeta items:*CertificateSigningRequest
CertificateSigningRequestSpec request:y username uid groups:*s usages:*s extra:{}ExtraValue signerName expirationSeconds?:i
CertificateSigningRequestStatus conditions:*CertificateSigningRequestCondition certificate:y
ExtraValue items:*s
# certificates.v1alpha1
ClusterTrustBundle metadata:~ObjectMeta spec:ClusterTrustBundleSpec
ClusterTrustBundleList metadata:~ListMeta items:*ClusterTrustBundle
ClusterTrustBundleSpec signerName trustBundle
# certificates.v1beta1
CertificateSigningRequest @certificates.v1
CertificateSigningRequestCondition @certificates.v1
CertificateSigningRequestList @certificates.v1
CertificateSigningRequestSpec @certificates.v1
CertificateSigningRequestStatus @certificates.v1
ClusterTrustBundle @certificates.v1alpha1
ClusterTrustBundleList @certificates.v1alpha1
ClusterTrustBundleSpec signerName trustBundle
ExtraValue items:*s
# coordination.v1
Lease metadata:~ObjectMeta spec:LeaseSpec
LeaseList metadata:~ListMeta items:*Lease
LeaseSpec holderIdentity? leaseDurationSeconds?:i acquireTime:u renewTime:u leaseTransitions?:i strategy? preferredHolder?
# coordination.v1alpha2
LeaseCandidate metadata:~ObjectMeta spec:LeaseCandidateSpec
LeaseCandidateList metadata:~ListMeta items:*LeaseCandidate
LeaseCandidateSpec leaseName pingTime:u renewTime:u binaryVersion emulationVersion strategy
# coordination.v1beta1
Lease @coordination.v1
LeaseCandidate @coordination.v1alpha2
LeaseCandidateList @coordination.v1alpha2
LeaseCandidateSpec @coordination.v1alpha2
LeaseList @coordination.v1
LeaseSpec @coordination.v1
# discovery.v1
Endpoint addresses:*s conditions:EndpointConditions hostname? targetRef:core.v1.ObjectReference deprecatedTopology:{}s nodeName? zone? hints:EndpointHints
EndpointConditions ready?:b serving?:b terminating?:b
EndpointHints forZones:*ForZone forNodes:*ForNode
EndpointPort name? protocol? port?:i appProtocol?
EndpointSlice metadata:~ObjectMeta endpoints:*Endpoint ports:*EndpointPort addressType
EndpointSliceList metadata:~ListMeta items:*EndpointSlice
ForNode name
ForZone name
# discovery.v1beta1
Endpoint addresses:*s conditions:EndpointConditions hostname? targetRef:core.v1.ObjectReference topology:{}s nodeName? hints:EndpointHints
EndpointConditions @discovery.v1
EndpointHints @discovery.v1
EndpointPort @discovery.v1
EndpointSlice @discovery.v1
EndpointSliceList @discovery.v1
ForNode name
ForZone name
# events.v1
Event metadata:~ObjectMeta eventTime:u series:EventSeries reportingController reportingInstance action reason regarding:core.v1.ObjectReference related:core.v1.ObjectReference note type deprecatedSource:core.v1.EventSource deprecatedFirstTimestamp:t deprecatedLastTimestamp:t deprecatedCount:i
EventList @core.v1
EventSeries @core.v1
# events.v1beta1
Event @events.v1
EventList @core.v1
EventSeries @core.v1
# flowcontrol.v1
ExemptPriorityLevelConfiguration nominalConcurrencyShares?:i lendablePercent?:i
FlowDistinguisherMethod type
FlowSchema metadata:~ObjectMeta spec:FlowSchemaSpec status:FlowSchemaStatus
FlowSchemaCondition type status lastTransitionTime:t reason message
FlowSchemaList metadata:~ListMeta items:*FlowSchema
FlowSchemaSpec priorityLevelConfiguration:PriorityLevelConfigurationReference matchingPrecedence:i distinguisherMethod:FlowDistinguisherMethod rules:*PolicyRulesWithSubjects
FlowSchemaStatus conditions:*FlowSchemaCondition
GroupSubject name
LimitResponse type queuing:QueuingConfiguration
LimitedPriorityLevelConfiguration nominalConcurrencyShares?:i limitResponse:LimitResponse lendablePercent?:i borrowingLimitPercent?:i
NonResourcePolicyRule verbs:*s nonResourceURLs=6:*s
PolicyRulesWithSubjects subjects:*Subject resourceRules:*ResourcePolicyRule nonResourceRules:*NonResourcePolicyRule
PriorityLevelConfiguration metadata:~ObjectMeta spec:PriorityLevelConfigurationSpec status:PriorityLevelConfigurationStatus
PriorityLevelConfigurationCondition type status lastTransitionTime:t reason message
PriorityLevelConfigurationList metadata:~ListMeta items:*PriorityLevelConfiguration
PriorityLevelConfigurationReference name
PriorityLevelConfigurationSpec type limited:LimitedPriorityLevelConfiguration exempt:ExemptPriorityLevelConfiguration
PriorityLevelConfigurationStatus conditions:*PriorityLevelConfigurationCondition
QueuingConfiguration queues:i handSize:i queueLengthLimit:i
ResourcePolicyRule verbs:*s apiGroups:*s resources:*s clusterScope:b namespaces:*s
ServiceAccountSubject namespace name
Subject kind user:UserSubject group:GroupSubject serviceAccount:ServiceAccountSubject
UserSubject name
# flowcontrol.v1beta1
ExemptPriorityLevelConfiguration @flowcontrol.v1
FlowDistinguisherMethod type
FlowSchema @flowcontrol.v1
FlowSchemaCondition @flowcontrol.v1
FlowSchemaList @flowcontrol.v1
FlowSchemaSpec @flowcontrol.v1
FlowSchemaStatus @flowcontrol.v1
GroupSubject name
LimitResponse @flowcontrol.v1
LimitedPriorityLevelConfiguration assuredConcurrencyShares:i limitResponse:LimitResponse lendablePercent?:i borrowingLimitPercent?:i
NonResourcePolicyRule @flowcontrol.v1
PolicyRulesWithSubjects @flowcontrol.v1
PriorityLevelConfiguration @flowcontrol.v1
PriorityLevelConfigurationCondition @flowcontrol.v1
PriorityLevelConfigurationList @flowcontrol.v1
PriorityLevelConfigurationReference name
PriorityLevelConfigurationSpec @flowcontrol.v1
PriorityLevelConfigurationStatus @flowcontrol.v1
QueuingConfiguration @flowcontrol.v1
ResourcePolicyRule @flowcontrol.v1
ServiceAccountSubject namespace name
Subject @flowcontrol.v1
UserSubject name
# flowcontrol.v1beta2
ExemptPriorityLevelConfiguration @flowcontrol.v1
FlowDistinguisherMethod type
FlowSchema @flowcontrol.v1
FlowSchemaCondition @flowcontrol.v1
FlowSchemaList @flowcontrol.v1
FlowSchemaSpec @flowcontrol.v1
FlowSchemaStatus @flowcontrol.v1
GroupSubject name
LimitResponse @flowcontrol.v1
LimitedPriorityLevelConfiguration @flowcontrol.v1beta1
NonResourcePolicyRule @flowcontrol.v1
PolicyRulesWithSubjects @flowcontrol.v1
PriorityLevelConfiguration @flowcontrol.v1
PriorityLevelConfigurationCondition @flowcontrol.v1
PriorityLevelConfigurationList @flowcontrol.v1
PriorityLevelConfigurationReference name
PriorityLevelConfigurationSpec @flowcontrol.v1
PriorityLevelConfigurationStatus @flowcontrol.v1
QueuingConfiguration @flowcontrol.v1
ResourcePolicyRule @flowcontrol.v1
ServiceAccountSubject namespace name
Subject @flowcontrol.v1
UserSubject name
# flowcontrol.v1beta3
ExemptPriorityLevelConfiguration @flowcontrol.v1
FlowDistinguisherMethod type
FlowSchema @flowcontrol.v1
FlowSchemaCondition @flowcontrol.v1
FlowSchemaList @flowcontrol.v1
FlowSchemaSpec @flowcontrol.v1
FlowSchemaStatus @flowcontrol.v1
GroupSubject name
LimitResponse @flowcontrol.v1
LimitedPriorityLevelConfiguration @flowcontrol.v1
NonResourcePolicyRule @flowcontrol.v1
PolicyRulesWithSubjects @flowcontrol.v1
PriorityLevelConfiguration @flowcontrol.v1
PriorityLevelConfigurationCondition @flowcontrol.v1
PriorityLevelConfigurationList @flowcontrol.v1
PriorityLevelConfigurationReference name
PriorityLevelConfigurationSpec @flowcontrol.v1
PriorityLevelConfigurationStatus @flowcontrol.v1
QueuingConfiguration @flowcontrol.v1
ResourcePolicyRule @flowcontrol.v1
ServiceAccountSubject namespace name
Subject @flowcontrol.v1
UserSubject name
# imagepolicy.v1alpha1
ImageReview metadata:~ObjectMeta spec:ImageReviewSpec status:ImageReviewStatus
ImageReviewContainerSpec image
ImageReviewSpec containers:*ImageReviewContainerSpec annotations:{}s namespace
ImageReviewStatus allowed:b reason auditAnnotations:{}s
# networking.v1
HTTPIngressPath path backend:IngressBackend pathType?
HTTPIngressRuleValue paths:*HTTPIngressPath
IPAddress metadata:~ObjectMeta spec:IPAddressSpec
IPAddressList metadata:~ListMeta items:*IPAddress
IPAddressSpec parentRef:ParentReference
IPBlock cidr except:*s
Ingress metadata:~ObjectMeta spec:IngressSpec status:IngressStatus
IngressBackend resource=3:core.v1.TypedLocalObjectReference service:IngressServiceBackend
IngressClass metadata:~ObjectMeta spec:IngressClassSpec
IngressClassList metadata:~ListMeta items:*IngressClass
IngressClassParametersReference apiGroup? kind name scope? namespace?
IngressClassSpec controller parameters:IngressClassParametersReference
IngressList metadata:~ListMeta items:*Ingress
IngressLoadBalancerIngress ip hostname ports=4:*IngressPortStatus
IngressLoadBalancerStatus ingress:*IngressLoadBalancerIngress
IngressPortStatus port:i protocol error?
IngressRule host ^:IngressRuleValue
IngressRuleValue http:HTTPIngressRuleValue
IngressServiceBackend name port:ServiceBackendPort
IngressSpec defaultBackend:IngressBackend tls:*IngressTLS rules:*IngressRule ingressClassName?
IngressStatus loadBalancer:IngressLoadBalancerStatus
IngressTLS hosts:*s secretName
NetworkPolicy metadata:~ObjectMeta spec:NetworkPolicySpec
NetworkPolicyEgressRule ports:*NetworkPolicyPort to:*NetworkPolicyPeer
NetworkPolicyIngressRule ports:*NetworkPolicyPort from:*NetworkPolicyPeer
NetworkPolicyList metadata:~ListMeta items:*NetworkPolicy
NetworkPolicyPeer podSelector:~LabelSelector namespaceSelector:~LabelSelector ipBlock:IPBlock
NetworkPolicyPort protocol? port:x endPort?:i
NetworkPolicySpec podSelector:~LabelSelector ingress:*NetworkPolicyIngressRule egress:*NetworkPolicyEgressRule policyTypes:*s
ParentReference group resource namespace name
ServiceBackendPort name number:i
ServiceCIDR metadata:~ObjectMeta spec:ServiceCIDRSpec status:ServiceCIDRStatus
ServiceCIDRList metadata:~ListMeta items:*ServiceCIDR
ServiceCIDRSpec cidrs:*s
ServiceCIDRStatus conditions:*~Condition
# networking.v1alpha1
IPAddress @networking.v1
IPAddressList @networking.v1
IPAddressSpec @networking.v1
ParentReference @networking.v1
ServiceCIDR @networking.v1
ServiceCIDRList @networking.v1
ServiceCIDRSpec cidrs:*s
ServiceCIDRStatus conditions:*~Condition
# networking.v1beta1
HTTPIngressPath @networking.v1
HTTPIngressRuleValue paths:*HTTPIngressPath
IPAddress @networking.v1
IPAddressList @networking.v1
IPAddressSpec @networking.v1
Ingress @networking.v1
IngressBackend @extensions.v1beta1
IngressClass @networking.v1
IngressClassList @networking.v1
IngressClassParametersReference @networking.v1
IngressClassSpec @networking.v1
IngressList @networking.v1
IngressLoadBalancerIngress @networking.v1
IngressLoadBalancerStatus @networking.v1
IngressPortStatus port:i protocol error?
IngressRule host ^:IngressRuleValue
IngressRuleValue @networking.v1
IngressSpec backend:IngressBackend tls:*IngressTLS rules:*IngressRule ingressClassName?
IngressStatus @networking.v1
IngressTLS hosts:*s secretName
ParentReference @networking.v1
ServiceCIDR @networking.v1
ServiceCIDRList @networking.v1
ServiceCIDRSpec cidrs:*s
ServiceCIDRStatus conditions:*~Condition
# node.v1
Overhead podFixed:{}q
RuntimeClass metadata:~ObjectMeta handler overhead:Overhead scheduling:Scheduling
RuntimeClassList metadata:~ListMeta items:*RuntimeClass
Scheduling nodeSelector:{}s tolerations:*core.v1.Toleration
# node.v1alpha1
Overhead podFixed:{}q
RuntimeClass metadata:~ObjectMeta spec:RuntimeClassSpec
RuntimeClassList @node.v1
RuntimeClassSpec runtimeHandler overhead:Overhead scheduling:Scheduling
Scheduling @node.v1
# node.v1beta1
Overhead podFixed:{}q
RuntimeClass @node.v1
RuntimeClassList @node.v1
Scheduling @node.v1
# rbac.v1
AggregationRule clusterRoleSelectors:*~LabelSelector
ClusterRole metadata:~ObjectMeta rules:*PolicyRule aggregationRule:AggregationRule
ClusterRoleBinding metadata:~ObjectMeta subjects:*Subject roleRef:RoleRef
ClusterRoleBindingList metadata:~ListMeta items:*ClusterRoleBinding
ClusterRoleList metadata:~ListMeta items:*ClusterRole
PolicyRule verbs:*s apiGroups:*s resources:*s resourceNames:*s nonResourceURLs:*s
Role metadata:~ObjectMeta rules:*PolicyRule
RoleBinding metadata:~ObjectMeta subjects:*Subject roleRef:RoleRef
RoleBindingList metadata:~ListMeta items:*RoleBinding
RoleList metadata:~ListMeta items:*Role
RoleRef apiGroup kind name
Subject kind apiGroup name namespace
# rbac.v1alpha1
AggregationRule @rbac.v1
ClusterRole @rbac.v1
ClusterRoleBinding @rbac.v1
ClusterRoleBindingList @rbac.v1
ClusterRoleList @rbac.v1
PolicyRule verbs:*s apiGroups=3:*s resources:*s resourceNames:*s nonResourceURLs:*s
Role @rbac.v1
RoleBinding @rbac.v1
RoleBindingList @rbac.v1
RoleList @rbac.v1
RoleRef apiGroup kind name
Subject kind apiVersion name namespace
# rbac.v1beta1
AggregationRule @rbac.v1
ClusterRole @rbac.v1
ClusterRoleBinding @rbac.v1
ClusterRoleBindingList @rbac.v1
ClusterRoleList @rbac.v1
PolicyRule @rbac.v1
Role @rbac.v1
RoleBinding @rbac.v1
RoleBindingList @rbac.v1
RoleList @rbac.v1
RoleRef apiGroup kind name
Subject @rbac.v1
# scheduling.v1
PriorityClass metadata:~ObjectMeta value:i globalDefault:b description preemptionPolicy?
PriorityClassList metadata:~ListMeta items:*PriorityClass
# scheduling.v1alpha1
PriorityClass @scheduling.v1
PriorityClassList @scheduling.v1
# scheduling.v1beta1
PriorityClass @scheduling.v1
PriorityClassList @scheduling.v1
# storage.v1
CSIDriver metadata:~ObjectMeta spec:CSIDriverSpec
CSIDriverList metadata:~ListMeta items:*CSIDriver
CSIDriverSpec attachRequired?:b podInfoOnMount?:b volumeLifecycleModes:*s storageCapacity?:b fsGroupPolicy? tokenRequests:*TokenRequest requiresRepublish?:b seLinuxMount?:b nodeAllocatableUpdatePeriodSeconds?:l
CSINode metadata:~ObjectMeta spec:CSINodeSpec
CSINodeDriver name nodeID topologyKeys:*s allocatable:VolumeNodeResources
CSINodeList metadata:~ListMeta items:*CSINode
CSINodeSpec drivers:*CSINodeDriver
CSIStorageCapacity metadata:~ObjectMeta nodeTopology:~LabelSelector storageClassName capacity:q maximumVolumeSize:q
CSIStorageCapacityList metadata:~ListMeta items:*CSIStorageCapacity
StorageClass metadata:~ObjectMeta provisioner parameters:{}s reclaimPolicy? mountOptions:*s allowVolumeExpansion?:b volumeBindingMode? allowedTopologies:*core.v1.TopologySelectorTerm
StorageClassList metadata:~ListMeta items:*StorageClass
TokenRequest audience expirationSeconds?:l
VolumeAttachment metadata:~ObjectMeta spec:VolumeAttachmentSpec status:VolumeAttachmentStatus
VolumeAttachmentList metadata:~ListMeta items:*VolumeAttachment
VolumeAttachmentSource persistentVolumeName? inlineVolumeSpec:core.v1.PersistentVolumeSpec
VolumeAttachmentSpec attacher source:VolumeAttachmentSource nodeName
VolumeAttachmentStatus attached:b attachmentMetadata:{}s attachError:VolumeError detachError:VolumeError
VolumeError time:t message errorCode?:i
VolumeNodeResources count?:i
# storage.v1alpha1
CSIStorageCapacity @storage.v1
CSIStorageCapacityList @storage.v1
VolumeAttachment @storage.v1
VolumeAttachmentList @storage.v1
VolumeAttachmentSource @storage.v1
VolumeAttachmentSpec @storage.v1
VolumeAttachmentStatus @storage.v1
VolumeAttributesClass metadata:~ObjectMeta driverName parameters:{}s
VolumeAttributesClassList metadata:~ListMeta items:*VolumeAttributesClass
VolumeError @storage.v1
# storage.v1beta1
CSIDriver @storage.v1
CSIDriverList @storage.v1
CSIDriverSpec @storage.v1
CSINode @storage.v1
CSINodeDriver @storage.v1
CSINodeList @storage.v1
CSINodeSpec drivers:*CSINodeDriver
CSIStorageCapacity @storage.v1
CSIStorageCapacityList @storage.v1
StorageClass @storage.v1
StorageClassList @storage.v1
TokenRequest @storage.v1
VolumeAttachment @storage.v1
VolumeAttachmentList @storage.v1
VolumeAttachmentSource @storage.v1
VolumeAttachmentSpec @storage.v1
VolumeAttachmentStatus @storage.v1
VolumeAttributesClass @storage.v1alpha1
VolumeAttributesClassList @storage.v1alpha1
VolumeError @storage.v1
VolumeNodeResources count?:i
# storagemigration.v1alpha1
GroupVersionResource group version resource
MigrationCondition type status lastUpdateTime:t reason message
StorageVersionMigration metadata:~ObjectMeta spec:StorageVersionMigrationSpec status:StorageVersionMigrationStatus
StorageVersionMigrationList metadata:~ListMeta items:*StorageVersionMigration
StorageVersionMigrationSpec resource:GroupVersionResource continueToken
StorageVersionMigrationStatus conditions:*MigrationCondition resourceVersion
`;
