/** Protobuf messages of apps, autoscaling, batch, extensions and policy; the notation is explained in ../message-table.ts. */
export const WORKLOADS_MESSAGES = `# apps.v1
ControllerRevision metadata:~ObjectMeta data:r revision:l
ControllerRevisionList metadata:~ListMeta items:*ControllerRevision
DaemonSet metadata:~ObjectMeta spec:DaemonSetSpec status:DaemonSetStatus
DaemonSetCondition type status lastTransitionTime:t reason message
DaemonSetList metadata:~ListMeta items:*DaemonSet
DaemonSetSpec selector:~LabelSelector template:core.v1.PodTemplateSpec updateStrategy:DaemonSetUpdateStrategy minReadySeconds:i revisionHistoryLimit?=6:i
DaemonSetStatus currentNumberScheduled:i numberMisscheduled:i desiredNumberScheduled:i numberReady:i observedGeneration:l updatedNumberScheduled:i numberAvailable:i numberUnavailable:i collisionCount?:i conditions:*DaemonSetCondition
DaemonSetUpdateStrategy type rollingUpdate:RollingUpdateDaemonSet
Deployment metadata:~ObjectMeta spec:DeploymentSpec status:DeploymentStatus
DeploymentCondition type status reason=4 message lastUpdateTime:t lastTransitionTime:t
DeploymentList metadata:~ListMeta items:*Deployment
DeploymentSpec replicas?:i selector:~LabelSelector template:core.v1.PodTemplateSpec strategy:DeploymentStrategy minReadySeconds:i revisionHistoryLimit?:i paused:b progressDeadlineSeconds?=9:i
DeploymentStatus observedGeneration:l replicas:i updatedReplicas:i availableReplicas:i unavailableReplicas:i conditions:*DeploymentCondition readyReplicas:i collisionCount?:i terminatingReplicas?:i
DeploymentStrategy type rollingUpdate:RollingUpdateDeployment
ReplicaSet metadata:~ObjectMeta spec:ReplicaSetSpec status:ReplicaSetStatus
ReplicaSetCondition type status lastTransitionTime:t reason message
ReplicaSetList metadata:~ListMeta items:*ReplicaSet
ReplicaSetSpec replicas?:i selector:~LabelSelector template:core.v1.PodTemplateSpec minReadySeconds:i
ReplicaSetStatus replicas:i fullyLabeledReplicas:i observedGeneration:l readyReplicas:i availableReplicas:i conditions:*ReplicaSetCondition terminatingReplicas?:i
RollingUpdateDaemonSet maxUnavailable:x maxSurge:x
RollingUpdateDeployment maxUnavailable:x maxSurge:x
RollingUpdateStatefulSetStrategy partition?:i maxUnavailable:x
StatefulSet metadata:~ObjectMeta spec:StatefulSetSpec status:StatefulSetStatus
StatefulSetCondition type status lastTransitionTime:t reason message
StatefulSetList metadata:~ListMeta items:*StatefulSet
StatefulSetOrdinals start:i
StatefulSetPersistentVolumeClaimRetentionPolicy whenDeleted whenScaled
StatefulSetSpec replicas?:i selector:~LabelSelector template:core.v1.PodTemplateSpec volumeClaimTemplates:*core.v1.PersistentVolumeClaim serviceName podManagementPolicy updateStrategy:StatefulSetUpdateStrategy revisionHistoryLimit?:i minReadySeconds:i persistentVolumeClaimRetentionPolicy:StatefulSetPersistentVolumeClaimRetentionPolicy ordinals:StatefulSetOrdinals
StatefulSetStatus observedGeneration:l replicas:i readyReplicas:i currentReplicas:i updatedReplicas:i currentRevision updateRevision collisionCount?=9:i conditions:*StatefulSetCondition availableReplicas:i
StatefulSetUpdateStrategy type rollingUpdate:RollingUpdateStatefulSetStrategy
# apps.v1beta1
ControllerRevision @apps.v1
ControllerRevisionList @apps.v1
Deployment @apps.v1
DeploymentCondition @apps.v1
DeploymentList @apps.v1
DeploymentRollback name updatedAnnotations:{}s rollbackTo:RollbackConfig
DeploymentSpec replicas?:i selector:~LabelSelector template:core.v1.PodTemplateSpec strategy:DeploymentStrategy minReadySeconds:i revisionHistoryLimit?:i paused:b rollbackTo:RollbackConfig progressDeadlineSeconds?:i
DeploymentStatus @apps.v1
DeploymentStrategy @apps.v1
RollbackConfig revision:l
RollingUpdateDeployment @apps.v1
RollingUpdateStatefulSetStrategy @apps.v1
Scale @autoscaling.v1
ScaleSpec replicas:i
ScaleStatus replicas:i selector:{}s targetSelector
StatefulSet @apps.v1
StatefulSetCondition @apps.v1
StatefulSetList @apps.v1
StatefulSetOrdinals start:i
StatefulSetPersistentVolumeClaimRetentionPolicy whenDeleted whenScaled
StatefulSetSpec @apps.v1
StatefulSetStatus @apps.v1
StatefulSetUpdateStrategy @apps.v1
# apps.v1beta2
ControllerRevision @apps.v1
ControllerRevisionList @apps.v1
DaemonSet @apps.v1
DaemonSetCondition @apps.v1
DaemonSetList @apps.v1
DaemonSetSpec @apps.v1
DaemonSetStatus @apps.v1
DaemonSetUpdateStrategy @apps.v1
Deployment @apps.v1
DeploymentCondition @apps.v1
DeploymentList @apps.v1
DeploymentSpec @apps.v1
DeploymentStatus @apps.v1
DeploymentStrategy @apps.v1
ReplicaSet @apps.v1
ReplicaSetCondition @apps.v1
ReplicaSetList @apps.v1
ReplicaSetSpec @apps.v1
ReplicaSetStatus @apps.v1
RollingUpdateDaemonSet @apps.v1
RollingUpdateDeployment @apps.v1
RollingUpdateStatefulSetStrategy @apps.v1
Scale @autoscaling.v1
ScaleSpec replicas:i
ScaleStatus @apps.v1beta1
StatefulSet @apps.v1
StatefulSetCondition @apps.v1
StatefulSetList @apps.v1
StatefulSetOrdinals start:i
StatefulSetPersistentVolumeClaimRetentionPolicy whenDeleted whenScaled
StatefulSetSpec @apps.v1
StatefulSetStatus @apps.v1
StatefulSetUpdateStrategy @apps.v1
# autoscaling.v1
ContainerResourceMetricSource name targetAverageUtilization:i targetAverageValue:q container=5
ContainerResourceMetricStatus name currentAverageUtilization:i currentAverageValue:q container
CrossVersionObjectReference kind name apiVersion
ExternalMetricSource metricName metricSelector:~LabelSelector targetValue:q targetAverageValue:q
ExternalMetricStatus metricName metricSelector:~LabelSelector currentValue:q currentAverageValue:q
HorizontalPodAutoscaler metadata:~ObjectMeta spec:HorizontalPodAutoscalerSpec status:HorizontalPodAutoscalerStatus
HorizontalPodAutoscalerCondition type status lastTransitionTime:t reason message
HorizontalPodAutoscalerList metadata:~ListMeta items:*HorizontalPodAutoscaler
HorizontalPodAutoscalerSpec scaleTargetRef:CrossVersionObjectReference minReplicas?:i maxReplicas:i targetCPUUtilizationPercentage?:i
HorizontalPodAutoscalerStatus observedGeneration?:l lastScaleTime:t currentReplicas:i desiredReplicas:i currentCPUUtilizationPercentage?:i
MetricSpec type object:ObjectMetricSource pods:PodsMetricSource resource:ResourceMetricSource external:ExternalMetricSource containerResource=7:ContainerResourceMetricSource
MetricStatus type object:ObjectMetricStatus pods:PodsMetricStatus resource:ResourceMetricStatus external:ExternalMetricStatus containerResource=7:ContainerResourceMetricStatus
ObjectMetricSource target:CrossVersionObjectReference metricName targetValue:q selector:~LabelSelector averageValue:q
ObjectMetricStatus target:CrossVersionObjectReference metricName currentValue:q selector:~LabelSelector averageValue:q
PodsMetricSource metricName targetAverageValue:q selector:~LabelSelector
PodsMetricStatus metricName currentAverageValue:q selector:~LabelSelector
ResourceMetricSource name targetAverageUtilization:i targetAverageValue:q
ResourceMetricStatus name currentAverageUtilization:i currentAverageValue:q
Scale metadata:~ObjectMeta spec:ScaleSpec status:ScaleStatus
ScaleSpec replicas:i
ScaleStatus replicas:i selector
# autoscaling.v2
ContainerResourceMetricSource name target:MetricTarget container
ContainerResourceMetricStatus name current:MetricValueStatus container
CrossVersionObjectReference kind name apiVersion
ExternalMetricSource metric:MetricIdentifier target:MetricTarget
ExternalMetricStatus metric:MetricIdentifier current:MetricValueStatus
HPAScalingPolicy type value:i periodSeconds:i
HPAScalingRules selectPolicy? policies:*HPAScalingPolicy stabilizationWindowSeconds?:i tolerance:q
HorizontalPodAutoscaler @autoscaling.v1
HorizontalPodAutoscalerBehavior scaleUp:HPAScalingRules scaleDown:HPAScalingRules
HorizontalPodAutoscalerCondition @autoscaling.v1
HorizontalPodAutoscalerList @autoscaling.v1
HorizontalPodAutoscalerSpec scaleTargetRef:CrossVersionObjectReference minReplicas?:i maxReplicas:i metrics:*MetricSpec behavior:HorizontalPodAutoscalerBehavior
HorizontalPodAutoscalerStatus observedGeneration?:l lastScaleTime:t currentReplicas:i desiredReplicas:i currentMetrics:*MetricStatus conditions:*HorizontalPodAutoscalerCondition
MetricIdentifier name selector:~LabelSelector
MetricSpec @autoscaling.v1
MetricStatus @autoscaling.v1
MetricTarget type value:q averageValue:q averageUtilization?:i
MetricValueStatus value:q averageValue:q averageUtilization?:i
ObjectMetricSource describedObject:CrossVersionObjectReference target:MetricTarget metric:MetricIdentifier
ObjectMetricStatus metric:MetricIdentifier current:MetricValueStatus describedObject:CrossVersionObjectReference
PodsMetricSource metric:MetricIdentifier target:MetricTarget
PodsMetricStatus metric:MetricIdentifier current:MetricValueStatus
ResourceMetricSource name target:MetricTarget
ResourceMetricStatus name current:MetricValueStatus
# autoscaling.v2beta1
ContainerResourceMetricSource name targetAverageUtilization:i targetAverageValue:q container
ContainerResourceMetricStatus @autoscaling.v1
CrossVersionObjectReference kind name apiVersion
ExternalMetricSource @autoscaling.v1
ExternalMetricStatus @autoscaling.v1
HorizontalPodAutoscaler @autoscaling.v1
HorizontalPodAutoscalerCondition @autoscaling.v1
HorizontalPodAutoscalerList @autoscaling.v1
HorizontalPodAutoscalerSpec scaleTargetRef:CrossVersionObjectReference minReplicas?:i maxReplicas:i metrics:*MetricSpec
HorizontalPodAutoscalerStatus @autoscaling.v2
MetricSpec @autoscaling.v1
MetricStatus @autoscaling.v1
ObjectMetricSource @autoscaling.v1
ObjectMetricStatus @autoscaling.v1
PodsMetricSource @autoscaling.v1
PodsMetricStatus @autoscaling.v1
ResourceMetricSource @autoscaling.v1
ResourceMetricStatus @autoscaling.v1
# autoscaling.v2beta2
ContainerResourceMetricSource @autoscaling.v2
ContainerResourceMetricStatus @autoscaling.v2
CrossVersionObjectReference kind name apiVersion
ExternalMetricSource @autoscaling.v2
ExternalMetricStatus @autoscaling.v2
HPAScalingPolicy @autoscaling.v2
HPAScalingRules selectPolicy policies:*HPAScalingPolicy stabilizationWindowSeconds:i
HorizontalPodAutoscaler @autoscaling.v1
HorizontalPodAutoscalerBehavior @autoscaling.v2
HorizontalPodAutoscalerCondition @autoscaling.v1
HorizontalPodAutoscalerList @autoscaling.v1
HorizontalPodAutoscalerSpec @autoscaling.v2
HorizontalPodAutoscalerStatus @autoscaling.v2
MetricIdentifier @autoscaling.v2
MetricSpec @autoscaling.v1
MetricStatus @autoscaling.v1
MetricTarget type value:q averageValue:q averageUtilization:i
MetricValueStatus value:q averageValue:q averageUtilization:i
ObjectMetricSource @autoscaling.v2
ObjectMetricStatus @autoscaling.v2
PodsMetricSource @autoscaling.v2
PodsMetricStatus @autoscaling.v2
ResourceMetricSource name target:MetricTarget
ResourceMetricStatus @autoscaling.v2
# batch.v1
CronJob metadata:~ObjectMeta spec:CronJobSpec status:CronJobStatus
CronJobList metadata:~ListMeta items:*CronJob
CronJobSpec schedule startingDeadlineSeconds?:l concurrencyPolicy suspend?:b jobTemplate:JobTemplateSpec successfulJobsHistoryLimit?:i failedJobsHistoryLimit?:i timeZone?
CronJobStatus active:*core.v1.ObjectReference lastScheduleTime=4:t lastSuccessfulTime:t
Job metadata:~ObjectMeta spec:JobSpec status:JobStatus
JobCondition type status lastProbeTime:t lastTransitionTime:t reason message
JobList metadata:~ListMeta items:*Job
JobSpec parallelism?:i completions?:i activeDeadlineSeconds?:l selector:~LabelSelector manualSelector?:b template:core.v1.PodTemplateSpec backoffLimit?:i ttlSecondsAfterFinished?:i completionMode? suspend?:b podFailurePolicy:PodFailurePolicy backoffLimitPerIndex?:i maxFailedIndexes?:i podReplacementPolicy? managedBy? successPolicy:SuccessPolicy
JobStatus conditions:*JobCondition startTime:t completionTime:t active:i succeeded:i failed:i completedIndexes uncountedTerminatedPods:UncountedTerminatedPods ready?:i failedIndexes? terminating?:i
JobTemplateSpec metadata:~ObjectMeta spec:JobSpec
PodFailurePolicy rules:*PodFailurePolicyRule
PodFailurePolicyOnExitCodesRequirement containerName? operator values:*i
PodFailurePolicyOnPodConditionsPattern type status
PodFailurePolicyRule action onExitCodes:PodFailurePolicyOnExitCodesRequirement onPodConditions:*PodFailurePolicyOnPodConditionsPattern
SuccessPolicy rules:*SuccessPolicyRule
SuccessPolicyRule succeededIndexes? succeededCount?:i
UncountedTerminatedPods succeeded:*s failed:*s
# batch.v1beta1
CronJob @batch.v1
CronJobList @batch.v1
CronJobSpec @batch.v1
CronJobStatus @batch.v1
JobTemplateSpec metadata:~ObjectMeta spec:batch.v1.JobSpec
# extensions.v1beta1
DaemonSet @apps.v1
DaemonSetCondition @apps.v1
DaemonSetList @apps.v1
DaemonSetSpec selector:~LabelSelector template:core.v1.PodTemplateSpec updateStrategy:DaemonSetUpdateStrategy minReadySeconds:i templateGeneration:l revisionHistoryLimit?:i
DaemonSetStatus @apps.v1
DaemonSetUpdateStrategy @apps.v1
Deployment @apps.v1
DeploymentCondition @apps.v1
DeploymentList @apps.v1
DeploymentRollback @apps.v1beta1
DeploymentSpec @apps.v1beta1
DeploymentStatus @apps.v1
DeploymentStrategy @apps.v1
HTTPIngressPath path backend:IngressBackend pathType
HTTPIngressRuleValue paths:*HTTPIngressPath
IPBlock cidr except:*s
Ingress @networking.v1
IngressBackend serviceName servicePort:x resource:core.v1.TypedLocalObjectReference
IngressList @networking.v1
IngressLoadBalancerIngress @networking.v1
IngressLoadBalancerStatus @networking.v1
IngressPortStatus port:i protocol error
IngressRule host ^:IngressRuleValue
IngressRuleValue @networking.v1
IngressSpec backend:IngressBackend tls:*IngressTLS rules:*IngressRule ingressClassName
IngressStatus @networking.v1
IngressTLS hosts:*s secretName
NetworkPolicy @networking.v1
NetworkPolicyEgressRule @networking.v1
NetworkPolicyIngressRule @networking.v1
NetworkPolicyList @networking.v1
NetworkPolicyPeer @networking.v1
NetworkPolicyPort protocol port:x endPort:i
NetworkPolicySpec @networking.v1
ReplicaSet @apps.v1
ReplicaSetCondition @apps.v1
ReplicaSetList @apps.v1
ReplicaSetSpec @apps.v1
ReplicaSetStatus @apps.v1
RollbackConfig revision:l
RollingUpdateDaemonSet @apps.v1
RollingUpdateDeployment @apps.v1
Scale @autoscaling.v1
ScaleSpec replicas:i
ScaleStatus @apps.v1beta1
# policy.v1
Eviction metadata:~ObjectMeta deleteOptions:~DeleteOptions
PodDisruptionBudget metadata:~ObjectMeta spec:PodDisruptionBudgetSpec status:PodDisruptionBudgetStatus
PodDisruptionBudgetList metadata:~ListMeta items:*PodDisruptionBudget
PodDisruptionBudgetSpec minAvailable:x selector:~LabelSelector maxUnavailable:x unhealthyPodEvictionPolicy?
PodDisruptionBudgetStatus observedGeneration:l disruptedPods:{}t disruptionsAllowed:i currentHealthy:i desiredHealthy:i expectedPods:i conditions:*~Condition
# policy.v1beta1
Eviction @policy.v1
PodDisruptionBudget @policy.v1
PodDisruptionBudgetList @policy.v1
PodDisruptionBudgetSpec @policy.v1
PodDisruptionBudgetStatus @policy.v1
`;
