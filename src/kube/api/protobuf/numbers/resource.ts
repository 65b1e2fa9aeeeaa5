/** Protobuf messages of resource.k8s.io; the notation is explained in ../message-table.ts. */
export const RESOURCE_MESSAGES = `# resource.v1alpha3
AllocatedDeviceStatus driver pool device conditions:*~Condition data:r networkData:NetworkDeviceData
AllocationResult devices:DeviceAllocationResult nodeSelector=3:core.v1.NodeSelector
BasicDevice attributes:{}DeviceAttribute capacity:{}q consumesCounters:*DeviceCounterConsumption nodeName nodeSelector:core.v1.NodeSelector allNodes:b taints:*DeviceTaint
CELDeviceSelector expression
Counter value:q
CounterSet name counters:{}Counter
Device name basic:BasicDevice
DeviceAllocationConfiguration source requests:*s ^:DeviceConfiguration
DeviceAllocationResult results:*DeviceRequestAllocationResult config:*DeviceAllocationConfiguration
DeviceAttribute int=2:l bool:b string version
DeviceClaim requests:*DeviceRequest constraints:*DeviceConstraint config:*DeviceClaimConfiguration
DeviceClaimConfiguration requests:*s ^:DeviceConfiguration
DeviceClass metadata:~ObjectMeta spec:DeviceClassSpec
DeviceClassConfiguration ^:DeviceConfiguration
DeviceClassList metadata:~ListMeta items:*DeviceClass
DeviceClassSpec selectors:*DeviceSelector config:*DeviceClassConfiguration
DeviceConfiguration opaque:OpaqueDeviceConfiguration
DeviceConstraint requests:*s matchAttribute
DeviceCounterConsumption counterSet counters:{}Counter
DeviceRequest name deviceClassName selectors:*DeviceSelector allocationMode count:l adminAccess:b firstAvailable:*DeviceSubRequest tolerations:*DeviceToleration
DeviceRequestAllocationResult request driver pool device adminAccess:b tolerations:*DeviceToleration
DeviceSelector cel:CELDeviceSelector
DeviceSubRequest name deviceClassName selectors:*DeviceSelector allocationMode count:l tolerations=7:*DeviceToleration
DeviceTaint key value effect timeAdded:t
DeviceTaintRule metadata:~ObjectMeta spec:DeviceTaintRuleSpec
DeviceTaintRuleList metadata:~ListMeta items:*DeviceTaintRule
DeviceTaintRuleSpec deviceSelector:DeviceTaintSelector taint:DeviceTaint
DeviceTaintSelector deviceClassName driver pool device selectors:*DeviceSelector
DeviceToleration key operator value effect tolerationSeconds:l
NetworkDeviceData interfaceName ips:*s hardwareAddress
OpaqueDeviceConfiguration driver parameters:r
ResourceClaim metadata:~ObjectMeta spec:ResourceClaimSpec status:ResourceClaimStatus
ResourceClaimConsumerReference apiGroup resource=3 name uid
ResourceClaimList metadata:~ListMeta items:*ResourceClaim
ResourceClaimSpec devices:DeviceClaim
ResourceClaimStatus allocation:AllocationResult reservedFor:*ResourceClaimConsumerReference devices=4:*AllocatedDeviceStatus
ResourceClaimTemplate metadata:~ObjectMeta spec:ResourceClaimTemplateSpec
ResourceClaimTemplateList metadata:~ListMeta items:*ResourceClaimTemplate
ResourceClaimTemplateSpec metadata:~ObjectMeta spec:ResourceClaimSpec
ResourcePool name generation:l resourceSliceCount:l
ResourceSlice metadata:~ObjectMeta spec:ResourceSliceSpec
ResourceSliceList metadata:~ListMeta items:*ResourceSlice
ResourceSliceSpec driver pool:ResourcePool nodeName nodeSelector:core.v1.NodeSelector allNodes:b devices:*Device perDeviceNodeSelection:b sharedCounters:*CounterSet
# resource.v1beta1
AllocatedDeviceStatus @resource.v1alpha3
AllocationResult @resource.v1alpha3
BasicDevice attributes:{}DeviceAttribute capacity:{}DeviceCapacity consumesCounters:*DeviceCounterConsumption nodeName nodeSelector:core.v1.NodeSelector allNodes:b taints:*DeviceTaint
CELDeviceSelector expression
Counter value:q
CounterSet name counters:{}Counter
Device name basic:BasicDevice
DeviceAllocationConfiguration @resource.v1alpha3
DeviceAllocationResult @resource.v1alpha3
DeviceAttribute @resource.v1alpha3
DeviceCapacity value:q
DeviceClaim @resource.v1alpha3
DeviceClaimConfiguration @resource.v1alpha3
DeviceClass @resource.v1alpha3
DeviceClassConfiguration ^:DeviceConfiguration
DeviceClassList @resource.v1alpha3
DeviceClassSpec @resource.v1alpha3
DeviceConfiguration @resource.v1alpha3
DeviceConstraint @resource.v1alpha3
DeviceCounterConsumption @resource.v1alpha3
DeviceRequest @resource.v1alpha3
DeviceRequestAllocationResult @resource.v1alpha3
DeviceSelector cel:CELDeviceSelector
DeviceSubRequest @resource.v1alpha3
DeviceTaint @resource.v1alpha3
DeviceToleration @resource.v1alpha3
NetworkDeviceData @resource.v1alpha3
OpaqueDeviceConfiguration driver parameters:r
ResourceClaim @resource.v1alpha3
ResourceClaimConsumerReference @resource.v1alpha3
ResourceClaimList @resource.v1alpha3
ResourceClaimSpec devices:DeviceClaim
ResourceClaimStatus @resource.v1alpha3
ResourceClaimTemplate @resource.v1alpha3
ResourceClaimTemplateList @resource.v1alpha3
ResourceClaimTemplateSpec @resource.v1alpha3
ResourcePool @resource.v1alpha3
ResourceSlice @resource.v1alpha3
ResourceSliceList @resource.v1alpha3
ResourceSliceSpec @resource.v1alpha3
# resource.v1beta2
AllocatedDeviceStatus @resource.v1alpha3
AllocationResult @resource.v1alpha3
CELDeviceSelector expression
Counter value:q
CounterSet name counters:{}Counter
Device name attributes:{}DeviceAttribute capacity:{}DeviceCapacity consumesCounters:*DeviceCounterConsumption nodeName nodeSelector:core.v1.NodeSelector allNodes:b taints:*DeviceTaint
DeviceAllocationConfiguration @resource.v1alpha3
DeviceAllocationResult @resource.v1alpha3
DeviceAttribute @resource.v1alpha3
DeviceCapacity value:q
DeviceClaim @resource.v1alpha3
DeviceClaimConfiguration @resource.v1alpha3
DeviceClass @resource.v1alpha3
DeviceClassConfiguration ^:DeviceConfiguration
DeviceClassList @resource.v1alpha3
DeviceClassSpec @resource.v1alpha3
DeviceConfiguration @resource.v1alpha3
DeviceConstraint @resource.v1alpha3
DeviceCounterConsumption @resource.v1alpha3
DeviceRequest name exactly:ExactDeviceRequest firstAvailable:*DeviceSubRequest
DeviceRequestAllocationResult @resource.v1alpha3
DeviceSelector cel:CELDeviceSelector
DeviceSubRequest name deviceClassName selectors:*DeviceSelector allocationMode count:l tolerations:*DeviceToleration
DeviceTaint @resource.v1alpha3
DeviceToleration @resource.v1alpha3
ExactDeviceRequest deviceClassName selectors:*DeviceSelector allocationMode count:l adminAccess:b tolerations:*DeviceToleration
NetworkDeviceData @resource.v1alpha3
OpaqueDeviceConfiguration driver parameters:r
ResourceClaim @resource.v1alpha3
ResourceClaimConsumerReference @resource.v1alpha3
ResourceClaimList @resource.v1alpha3
ResourceClaimSpec devices:DeviceClaim
ResourceClaimStatus @resource.v1alpha3
ResourceClaimTemplate @resource.v1alpha3
ResourceClaimTemplateList @resource.v1alpha3
ResourceClaimTemplateSpec @resource.v1alpha3
ResourcePool @resource.v1alpha3
ResourceSlice @resource.v1alpha3
ResourceSliceList @resource.v1alpha3
ResourceSliceSpec @resource.v1alpha3
`;
