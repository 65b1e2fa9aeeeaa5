export * from "./admissionregistration/admission-environment.ts";
export {
  A_BOOL,
  A_STRING,
  A_STRING_OR_NULL,
  ANYTHING,
  compileExpression,
  variableType,
} from "./admissionregistration/expressions.ts";
export { mutatingWebhookConfigurations } from "./admissionregistration/mutating-webhook-configuration.ts";
export { validatingAdmissionPolicies } from "./admissionregistration/validating-admission-policy.ts";
export { validatingAdmissionPolicyBindings } from "./admissionregistration/validating-admission-policy-binding.ts";
export { validatingWebhookConfigurations } from "./admissionregistration/validating-webhook-configuration.ts";
export * from "./api-version.ts";
export { decideNames, hasUndecidedNames } from "./apiextensions/accepted-names.ts";
export { approvalCondition } from "./apiextensions/api-approval.ts";
export { isConditionTrue, removeCondition, setCondition } from "./apiextensions/conditions.ts";
export { customResourceDefinitions } from "./apiextensions/custom-resource-definition.ts";
export { establishingCondition } from "./apiextensions/established.ts";
export { nonStructuralCondition } from "./apiextensions/non-structural.ts";
export {
  CLEANUP_FINALIZER,
  releaseDefinition,
  TERMINATION,
  terminationFailed,
} from "./apiextensions/termination.ts";
export { compareKubeVersions, servedVersions, storageVersion } from "./apiextensions/versions.ts";
export { apiServices, localAvailability } from "./apiregistration/api-service.ts";
export * from "./apiregistration/local-api-services.ts";
export { controllerRevisions } from "./apps/controller-revision.ts";
export { daemonSets } from "./apps/daemon-set.ts";
export { deployments } from "./apps/deployment.ts";
export { replicaSets } from "./apps/replica-set.ts";
export { statefulSets } from "./apps/stateful-set.ts";
export { templateGeneration } from "./apps/template-generation.ts";
export { selfSubjectReviews } from "./authentication/self-subject-review.ts";
export { tokenRequests } from "./authentication/token-request.ts";
export { tokenReviews } from "./authentication/token-review.ts";
export { localSubjectAccessReviews } from "./authorization/local-subject-access-review.ts";
export { selfSubjectAccessReviews } from "./authorization/self-subject-access-review.ts";
export { selfSubjectRulesReviews } from "./authorization/self-subject-rules-review.ts";
export { subjectAccessReviews } from "./authorization/subject-access-review.ts";
export { horizontalPodAutoscalers } from "./autoscaling/horizontal-pod-autoscaler.ts";
export { horizontalPodAutoscalersV1 } from "./autoscaling/horizontal-pod-autoscaler-v1.ts";
export { scales } from "./autoscaling/scale.ts";
export { cronJobs } from "./batch/cron-job.ts";
export { jobs } from "./batch/job.ts";
export { certificateSigningRequests } from "./certificates/certificate-signing-request.ts";
export { kubeletClientProblem, kubeletServingProblem } from "./certificates/kubelet-request.ts";
export { readCertificateRequest } from "./certificates/read-request.ts";
export * from "./component-config.ts";
export { leases, NODE_LEASE_NAMESPACE } from "./coordination/lease.ts";
export { bindings } from "./core/binding.ts";
export { componentStatuses } from "./core/component-status.ts";
export { configMaps } from "./core/config-map.ts";
export { endpoints } from "./core/endpoints.ts";
export { events } from "./core/event.ts";
export { limitRanges } from "./core/limit-range.ts";
export { namespaces, validateNamespaceFinalizer } from "./core/namespace.ts";
export { nodes } from "./core/node.ts";
export * from "./core/persistent-volume/claim-binding.ts";
export {
  findMatchingVolume,
  hasAccessModes,
  hasVolumeModeOf,
  nodeReachesVolume,
} from "./core/persistent-volume/matching-volume.ts";
export { persistentVolumes } from "./core/persistent-volume.ts";
export { persistentVolumeClaims } from "./core/persistent-volume-claim.ts";
export * from "./core/pod/capabilities.ts";
export { containersOf } from "./core/pod/containers-of.ts";
export { isMirrorPod, MIRROR_ANNOTATION } from "./core/pod/mirror-pod.ts";
export { nodeIsSelected, nodeSelectorTermMatches, selectsNodes } from "./core/pod/node-selection.ts";
export { podCondition, withPodCondition } from "./core/pod/pod-condition.ts";
export { qosClassOf } from "./core/pod/quality-of-service.ts";
export { isPodReady } from "./core/pod/ready.ts";
export {
  claimNamesOf,
  configMapNamesOf,
  secretNamesOf,
  tokenAudiencesOf,
  usesClusterTrustBundle,
} from "./core/pod/references.ts";
export { limitsOf, requestsOf, totalOfContainers } from "./core/pod/resource-totals.ts";
export { isPodPhaseTerminal, isPodTerminal } from "./core/pod/terminal.ts";
export {
  mergeTolerations,
  toleratesAllOf,
  toleratesTaint,
  untoleratedTaint,
} from "./core/pod/tolerations.ts";
export { isExtendedResource } from "./core/pod/validate-resources.ts";
export { claimNameOf } from "./core/pod/volume-claims.ts";
export { pods } from "./core/pod.ts";
export { podTemplates } from "./core/pod-template.ts";
export { replicationControllers } from "./core/replication-controller.ts";
export { resourceQuotas } from "./core/resource-quota.ts";
export * from "./core/secret/bootstrap-token.ts";
export { secrets } from "./core/secret.ts";
export { validateServiceAddresses } from "./core/service/validate-addresses.ts";
export { services } from "./core/service.ts";
export { serviceAccounts } from "./core/service-account.ts";
export { hasStorageClass, storageClassNameOf } from "./core/storage-class-name.ts";
export {
  type ConversionReview,
  conversionReview,
  convertedObjects,
  objectsToConvert,
  withApiVersion,
} from "./custom/conversion.ts";
export { type ConvertObjects, customKinds } from "./custom/custom-kinds.ts";
export * from "./decode-body.ts";
export { defaultClass } from "./default-class.ts";
export { endpointSlices } from "./discovery/endpoint-slice.ts";
export * from "./empties.ts";
export * from "./equivalent-kinds.ts";
export { eventsV1Events } from "./events/event.ts";
export * from "./field-error.ts";
export * from "./flowcontrol/bootstrap-objects.ts";
export { flowSchemas } from "./flowcontrol/flow-schema.ts";
export { priorityLevelConfigurations } from "./flowcontrol/priority-level-configuration.ts";
export type * from "./generated/types.ts";
export { labelSelectorText } from "./go-diff/label-selector-text.ts";
export * from "./go-order.ts";
export * from "./go-print.ts";
export * from "./go-types.ts";
export { goObjectMeta } from "./go-value.ts";
export { type Cidr, isHostOf, isSubnet, parseCidr, parseIp } from "./ip-address.ts";
export * from "./kind-catalog.ts";
export { kindSchema } from "./kind-schema.ts";
export * from "./kinds.ts";
export {
  defaultManager,
  excludeFields,
  fieldElement,
  keepTimes,
  type ManagedKind,
  manageApply,
  managedKind,
  manageUpdate,
  parentManagers,
  type ReplicasPaths,
  resetFieldsFilter,
  scaleManagers,
  type Versions,
} from "./managed-fields/index.ts";
export { ageOf, humanDuration } from "./meta/age.ts";
export { validateDomainPrefixedPath } from "./meta/domain-name.ts";
export * from "./meta/label-selector.ts";
export * from "./meta/object-meta.ts";
export { canonicalTime, timeMs } from "./meta/time.ts";
export * from "./metadata-of.ts";
export { metricValueLists } from "./metrics/metric-value-lists.ts";
export { type NodeMetrics, nodeMetrics } from "./metrics/node-metrics.ts";
export { type PodMetrics, podMetrics } from "./metrics/pod-metrics.ts";
export * from "./models.ts";
export { ingresses } from "./networking/ingress.ts";
export { ingressClasses } from "./networking/ingress-class.ts";
export { ipAddresses } from "./networking/ip-address.ts";
export { networkPolicies } from "./networking/network-policy.ts";
export { serviceCidrs } from "./networking/service-cidr.ts";
export { runtimeClasses } from "./node/runtime-class.ts";
export * from "./policy/disruption-allowed.ts";
export { evictions } from "./policy/eviction.ts";
export { podDisruptionBudgets } from "./policy/pod-disruption-budget.ts";
export * from "./protobuf/envelope.ts";
export { type Charge, chargeQuotas, quotaMatches } from "./quota/charge.ts";
export type { CountedChange, QuotaEvaluator } from "./quota/evaluator.ts";
export { quotaEvaluatorOf } from "./quota/evaluators.ts";
export type { LimitedResource } from "./quota/limited-resources.ts";
export { recount, usageInQuota } from "./quota/recount.ts";
export { clusterRoles } from "./rbac/cluster-role.ts";
export { clusterRoleBindings } from "./rbac/cluster-role-binding.ts";
export { roles } from "./rbac/role.ts";
export { roleBindings } from "./rbac/role-binding.ts";
export { priorityClasses, SYSTEM_PRIORITY_CLASSES } from "./scheduling/priority-class.ts";
export * from "./status-error.ts";
export { csiDrivers } from "./storage/csi-driver.ts";
export { csiNodes } from "./storage/csi-node.ts";
export { csiStorageCapacities } from "./storage/csi-storage-capacity.ts";
export { DEFAULT_STORAGE_CLASS_ANNOTATIONS, storageClasses } from "./storage/storage-class.ts";
export { volumeAttachments } from "./storage/volume-attachment.ts";
export * from "./strategic-merge-patch.ts";
export { keepAllBut, keepStatus } from "./strategy.ts";
export * from "./strict-json.ts";
export * from "./strict-yaml.ts";
export * from "./structure.ts";
export * from "./subresource.ts";
export * from "./table.ts";
export * from "./types.ts";
export * from "./yaml-integers.ts";
