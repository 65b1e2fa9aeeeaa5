/** Fields whose Go type has a name of its own although JSON sees a string; the decoder's messages print it. */
const NAMED_STRINGS: Record<string, string> = {
  "ObjectMeta.uid": "types.UID",
  "OwnerReference.uid": "types.UID",
  "ObjectReference.uid": "types.UID",
  "Container.imagePullPolicy": "v1.PullPolicy",
  "Container.terminationMessagePolicy": "v1.TerminationMessagePolicy",
  "Container.restartPolicy": "v1.ContainerRestartPolicy",
  "ContainerPort.protocol": "v1.Protocol",
  "ServicePort.protocol": "v1.Protocol",
  "EndpointPort.protocol": "v1.Protocol",
  "HTTPGetAction.scheme": "v1.URIScheme",
  "PodSpec.restartPolicy": "v1.RestartPolicy",
  "PodSpec.dnsPolicy": "v1.DNSPolicy",
  "PodSpec.preemptionPolicy": "v1.PreemptionPolicy",
  "PodStatus.phase": "v1.PodPhase",
  "PodCondition.type": "v1.PodConditionType",
  "PodCondition.status": "v1.ConditionStatus",
  "ServiceSpec.type": "v1.ServiceType",
  "ServiceSpec.sessionAffinity": "v1.ServiceAffinity",
  "ServiceSpec.externalTrafficPolicy": "v1.ServiceExternalTrafficPolicy",
  "ServiceSpec.internalTrafficPolicy": "v1.ServiceInternalTrafficPolicy",
  "ServiceSpec.ipFamilyPolicy": "v1.IPFamilyPolicy",
  "ServiceSpec.ipFamilies": "v1.IPFamily",
  "Secret.type": "v1.SecretType",
  "DeploymentStrategy.type": "v1.DeploymentStrategyType",
  "StatefulSetSpec.podManagementPolicy": "v1.PodManagementPolicyType",
  "StatefulSetUpdateStrategy.type": "v1.StatefulSetUpdateStrategyType",
  "StatefulSetPersistentVolumeClaimRetentionPolicy.whenDeleted":
    "v1.PersistentVolumeClaimRetentionPolicyType",
  "StatefulSetPersistentVolumeClaimRetentionPolicy.whenScaled": "v1.PersistentVolumeClaimRetentionPolicyType",
  "StatefulSetCondition.type": "v1.StatefulSetConditionType",
  "StatefulSetCondition.status": "v1.ConditionStatus",
  "DaemonSetUpdateStrategy.type": "v1.DaemonSetUpdateStrategyType",
  "DaemonSetCondition.type": "v1.DaemonSetConditionType",
  "DaemonSetCondition.status": "v1.ConditionStatus",
  "ReplicationControllerCondition.type": "v1.ReplicationControllerConditionType",
  "ReplicationControllerCondition.status": "v1.ConditionStatus",
  "JobSpec.completionMode": "v1.CompletionMode",
  "JobSpec.podReplacementPolicy": "v1.PodReplacementPolicy",
  "JobCondition.type": "v1.JobConditionType",
  "JobCondition.status": "v1.ConditionStatus",
  "PodFailurePolicyRule.action": "v1.PodFailurePolicyAction",
  "PodFailurePolicyOnExitCodesRequirement.operator": "v1.PodFailurePolicyOnExitCodesOperator",
  "PodFailurePolicyOnPodConditionsPattern.type": "v1.PodConditionType",
  "PodFailurePolicyOnPodConditionsPattern.status": "v1.ConditionStatus",
  "UncountedTerminatedPods.succeeded": "types.UID",
  "UncountedTerminatedPods.failed": "types.UID",
  "CronJobSpec.concurrencyPolicy": "v1.ConcurrencyPolicy",
  "Toleration.operator": "v1.TolerationOperator",
  "Toleration.effect": "v1.TaintEffect",
  "Taint.effect": "v1.TaintEffect",
  "LabelSelectorRequirement.operator": "v1.LabelSelectorOperator",
  "NodeSelectorRequirement.operator": "v1.NodeSelectorOperator",
  "PersistentVolumeSpec.accessModes": "v1.PersistentVolumeAccessMode",
  "PersistentVolumeSpec.persistentVolumeReclaimPolicy": "v1.PersistentVolumeReclaimPolicy",
  "PersistentVolumeSpec.volumeMode": "v1.PersistentVolumeMode",
  "PersistentVolumeStatus.phase": "v1.PersistentVolumePhase",
  "PersistentVolumeClaimSpec.accessModes": "v1.PersistentVolumeAccessMode",
  "PersistentVolumeClaimSpec.volumeMode": "v1.PersistentVolumeMode",
  "PersistentVolumeClaimStatus.accessModes": "v1.PersistentVolumeAccessMode",
  "PersistentVolumeClaimStatus.phase": "v1.PersistentVolumeClaimPhase",
  "PersistentVolumeClaimStatus.allocatedResourceStatuses": "v1.ClaimResourceStatus",
  "PersistentVolumeClaimCondition.type": "v1.PersistentVolumeClaimConditionType",
  "PersistentVolumeClaimCondition.status": "v1.ConditionStatus",
  "ModifyVolumeStatus.status": "v1.PersistentVolumeClaimModifyVolumeStatus",
  "HostPathVolumeSource.type": "v1.HostPathType",
  "AzureDiskVolumeSource.cachingMode": "v1.AzureDataDiskCachingMode",
  "AzureDiskVolumeSource.kind": "v1.AzureDataDiskKind",
  "LimitRangeItem.type": "v1.LimitType",
  "ResourceQuotaSpec.scopes": "v1.ResourceQuotaScope",
  "ScopedResourceSelectorRequirement.scopeName": "v1.ResourceQuotaScope",
  "ScopedResourceSelectorRequirement.operator": "v1.ScopeSelectorOperator",
  "StorageClass.reclaimPolicy": "v1.PersistentVolumeReclaimPolicy",
  "StorageClass.volumeBindingMode": "v1.VolumeBindingMode",
  "CSIDriverSpec.fsGroupPolicy": "v1.FSGroupPolicy",
  "CSIDriverSpec.volumeLifecycleModes": "v1.VolumeLifecycleMode",
  "EmptyDirVolumeSource.medium": "v1.StorageMedium",
  "Capabilities.add": "v1.Capability",
  "Capabilities.drop": "v1.Capability",
  "EndpointSlice.addressType": "v1.AddressType",
  "CustomResourceDefinitionSpec.scope": "v1.ResourceScope",
  "CustomResourceConversion.strategy": "v1.ConversionStrategyType",
  "CustomResourceDefinitionCondition.type": "v1.CustomResourceDefinitionConditionType",
  "CustomResourceDefinitionCondition.status": "v1.ConditionStatus",
  "JSONSchemaProps.$schema": "v1.JSONSchemaURL",
  "ValidationRule.reason": "v1.FieldValueErrorReason",
};

export function isNamedString(type: string): boolean {
  return Object.values(NAMED_STRINGS).includes(type);
}

/** Lists and maps that have a name of their own. */
const NAMED_COLLECTIONS: Record<string, string> = {
  "JSONSchemaProps.definitions": "v1.JSONSchemaDefinitions",
  "JSONSchemaProps.dependencies": "v1.JSONSchemaDependencies",
  "JSONSchemaProps.x-kubernetes-validations": "v1.ValidationRules",
};

const SCALARS: Record<string, string> = {
  s: "string",
  b: "bool",
  i: "int32",
  l: "int64",
  n: "v1.Duration",
  d: "float64",
  y: "[]uint8",
  q: "resource.Quantity",
  t: "v1.Time",
  u: "v1.MicroTime",
  x: "intstr.IntOrString",
  r: "runtime.RawExtension",
  f: "v1.FieldsV1",
  A: "v1.JSONSchemaPropsOrArray",
  B: "v1.JSONSchemaPropsOrBool",
  S: "v1.JSONSchemaPropsOrStringArray",
  "*s": "[]string",
};

/** How Go prints the type of a field: `[]v1.Container`, `map[string]string`, `v1.PullPolicy`. */
export function goTypeName(
  codeOrDefinition: string,
  prefix = "",
  field?: { struct: string; stack: readonly string[] },
): string {
  if (prefix === "map[string]" && codeOrDefinition === "q") return "v1.ResourceList";
  const collection = prefix === "" ? undefined : NAMED_COLLECTIONS[`${field?.struct}.${field?.stack.at(-1)}`];
  if (collection !== undefined) return collection;
  const scalar = SCALARS[codeOrDefinition];
  if (scalar !== undefined) {
    const named =
      field && scalar === "string" ? NAMED_STRINGS[`${field.struct}.${field.stack.at(-1)}`] : undefined;
    return prefix + (named ?? scalar);
  }
  const parts = codeOrDefinition.split(".");
  return `${prefix}${parts.at(-2)}.${parts.at(-1)}`;
}

/** The package of upstream's internal types of a group: `core`, `rbac`. */
export function goPackage(group: string): string {
  const name = group.split(".", 1)[0]!;
  // Events of both groups are one internal type.
  return name === "" || name === "events" ? "core" : name;
}
