/** Structs of other packages than core, in the notation of go-type.ts. Sources: k8s.io/apimachinery/pkg/apis/meta/v1/types.go, k8s.io/kubernetes/pkg/apis/batch/types.go. */
export const OTHER_STRUCTS = `# v1
LabelSelector MatchLabels:{}s MatchExpressions:[]LabelSelectorRequirement
LabelSelectorRequirement Key Operator:LabelSelectorOperator Values:[]s
ObjectMeta Name GenerateName Namespace SelfLink UID=uid:types.UID ResourceVersion Generation:l CreationTimestamp:Time DeletionTimestamp:*Time DeletionGracePeriodSeconds:*l Labels:{}s Annotations:{}s OwnerReferences:[]OwnerReference Finalizers:[]s ManagedFields:[]ManagedFieldsEntry
OwnerReference APIVersion=apiVersion Kind Name UID=uid:types.UID Controller:*b BlockOwnerDeletion:*b
ManagedFieldsEntry Manager Operation:ManagedFieldsOperationType APIVersion=apiVersion Time:*Time FieldsType FieldsV1=fieldsV1:*FieldsV1 Subresource
# batch
PodFailurePolicy Rules:[]PodFailurePolicyRule
PodFailurePolicyRule Action:PodFailurePolicyAction OnExitCodes:*PodFailurePolicyOnExitCodesRequirement OnPodConditions:[]PodFailurePolicyOnPodConditionsPattern
PodFailurePolicyOnPodConditionsPattern Type:core.PodConditionType Status:core.ConditionStatus
SuccessPolicy Rules:[]SuccessPolicyRule
SuccessPolicyRule SucceededIndexes:*s SucceededCount:*i
UncountedTerminatedPods Succeeded:[]types.UID Failed:[]types.UID
`;
