/** Protobuf messages of apimachinery: metadata, options, Status; the notation is explained in ../message-table.ts. */
export const META_MESSAGES = `# /k8s.io.apimachinery.pkg.apis.meta.v1
APIGroup name versions:*GroupVersionForDiscovery preferredVersion:GroupVersionForDiscovery serverAddressByClientCIDRs:*ServerAddressByClientCIDR
APIGroupList groups:*APIGroup
APIResource name namespaced:b kind verbs:Verbs shortNames:*s singularName categories:*s group version storageVersionHash
APIResourceList groupVersion resources:*APIResource
APIVersions versions:*s serverAddressByClientCIDRs:*ServerAddressByClientCIDR
ApplyOptions dryRun:*s force:b fieldManager
Condition type status observedGeneration:l lastTransitionTime:t reason message
CreateOptions dryRun:*s fieldManager=3 fieldValidation
DeleteOptions gracePeriodSeconds?:l preconditions:Preconditions orphanDependents?:b propagationPolicy? dryRun:*s ignoreStoreReadErrorWithClusterBreakingPotential?:b
FieldSelectorRequirement key operator values:*s
GetOptions resourceVersion
GroupKind group kind
GroupResource group resource
GroupVersion group version
GroupVersionForDiscovery groupVersion version
GroupVersionKind group version kind
GroupVersionResource group version resource
LabelSelector matchLabels:{}s matchExpressions:*LabelSelectorRequirement
LabelSelectorRequirement key operator values:*s
List metadata:ListMeta items:*r
ListMeta selfLink resourceVersion continue remainingItemCount?:l
ListOptions labelSelector fieldSelector watch:b resourceVersion timeoutSeconds?:l limit=7:l continue allowWatchBookmarks:b resourceVersionMatch sendInitialEvents?:b
ManagedFieldsEntry manager operation apiVersion time:t fieldsType=6 fieldsV1:f subresource
ObjectMeta name generateName namespace selfLink uid resourceVersion generation:l creationTimestamp:t deletionTimestamp:t deletionGracePeriodSeconds?:l labels:{}s annotations:{}s ownerReferences:*OwnerReference finalizers:*s managedFields=17:*ManagedFieldsEntry
OwnerReference kind name=3 uid apiVersion controller?:b blockOwnerDeletion?:b
PartialObjectMetadata metadata:ObjectMeta
PartialObjectMetadataList metadata:ListMeta items:*PartialObjectMetadata
Patch
PatchOptions dryRun:*s force?:b fieldManager fieldValidation
Preconditions uid? resourceVersion?
RootPaths paths:*s
ServerAddressByClientCIDR clientCIDR serverAddress
Status metadata:ListMeta status message reason details:StatusDetails code:i
StatusCause reason message field
StatusDetails name group kind causes:*StatusCause retryAfterSeconds:i uid
TableOptions includeObject
UpdateOptions dryRun:*s fieldManager fieldValidation
Verbs items:*s
WatchEvent type object:r
# /k8s.io.apimachinery.pkg.apis.meta.v1beta1
PartialObjectMetadataList items:*~PartialObjectMetadata metadata:~ListMeta
`;
