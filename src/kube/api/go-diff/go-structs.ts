/**
 * Upstream's internal structs, as far as differences between them are told: `# core` opens a package, each further line is a
 * struct with its fields in Go's order, `GoName=jsonName:type`. The JSON name is left out where it is Go's with a small first
 * letter. Types: none or `s` string, `b` bool, `i` integer, `q` Quantity, `*T` pointer, `[]T` slice, `{}T` map of strings,
 * a struct, `ResourceList`, or the name of a string type. Source:
 * k8s.io/kubernetes/pkg/apis/core/types.go.
 */
export const GO_STRUCTS = `# core
PersistentVolumeSource GCEPersistentDisk=gcePersistentDisk:*GCEPersistentDiskVolumeSource AWSElasticBlockStore=awsElasticBlockStore:*AWSElasticBlockStoreVolumeSource HostPath:*HostPathVolumeSource Glusterfs:*GlusterfsPersistentVolumeSource NFS=nfs:*NFSVolumeSource RBD=rbd:*RBDPersistentVolumeSource Quobyte:*QuobyteVolumeSource ISCSI=iscsi:*ISCSIPersistentVolumeSource FlexVolume:*FlexPersistentVolumeSource Cinder:*CinderPersistentVolumeSource CephFS=cephfs:*CephFSPersistentVolumeSource FC=fc:*FCVolumeSource Flocker:*FlockerVolumeSource AzureFile:*AzureFilePersistentVolumeSource VsphereVolume:*VsphereVirtualDiskVolumeSource AzureDisk:*AzureDiskVolumeSource PhotonPersistentDisk:*PhotonPersistentDiskVolumeSource PortworxVolume:*PortworxVolumeSource ScaleIO:*ScaleIOPersistentVolumeSource Local:*LocalVolumeSource StorageOS=storageos:*StorageOSPersistentVolumeSource CSI=csi:*CSIPersistentVolumeSource
GCEPersistentDiskVolumeSource PDName=pdName FSType=fsType Partition:i ReadOnly:b
AWSElasticBlockStoreVolumeSource VolumeID FSType=fsType Partition:i ReadOnly:b
HostPathVolumeSource Path Type:*s
GlusterfsPersistentVolumeSource EndpointsName=endpoints Path ReadOnly:b EndpointsNamespace:*s
NFSVolumeSource Server Path ReadOnly:b
RBDPersistentVolumeSource CephMonitors=monitors:[]s RBDImage=image FSType=fsType RBDPool=pool RadosUser=user Keyring SecretRef:*SecretReference ReadOnly:b
SecretReference Name Namespace
QuobyteVolumeSource Registry Volume ReadOnly:b User Group Tenant
ISCSIPersistentVolumeSource TargetPortal IQN=iqn Lun:i ISCSIInterface=iscsiInterface FSType=fsType ReadOnly:b Portals:[]s DiscoveryCHAPAuth=chapAuthDiscovery:b SessionCHAPAuth=chapAuthSession:b SecretRef:*SecretReference InitiatorName:*s
FlexPersistentVolumeSource Driver FSType=fsType SecretRef:*SecretReference ReadOnly:b Options:{}s
CinderPersistentVolumeSource VolumeID FSType=fsType ReadOnly:b SecretRef:*SecretReference
CephFSPersistentVolumeSource Monitors:[]s Path User SecretFile SecretRef:*SecretReference ReadOnly:b
FCVolumeSource TargetWWNs:[]s Lun:*i FSType=fsType ReadOnly:b WWIDs=wwids:[]s
FlockerVolumeSource DatasetName DatasetUUID
AzureFilePersistentVolumeSource SecretName ShareName ReadOnly:b SecretNamespace:*s
VsphereVirtualDiskVolumeSource VolumePath FSType=fsType StoragePolicyName StoragePolicyID
AzureDiskVolumeSource DiskName DataDiskURI=diskURI CachingMode:*s FSType=fsType:*s ReadOnly:*b Kind:*s
PhotonPersistentDiskVolumeSource PdID FSType=fsType
PortworxVolumeSource VolumeID FSType=fsType ReadOnly:b
ScaleIOPersistentVolumeSource Gateway System SecretRef:*SecretReference SSLEnabled=sslEnabled:b ProtectionDomain StoragePool StorageMode VolumeName FSType=fsType ReadOnly:b
LocalVolumeSource Path FSType=fsType:*s
StorageOSPersistentVolumeSource VolumeName VolumeNamespace FSType=fsType ReadOnly:b SecretRef:*ObjectReference
ObjectReference Kind Namespace Name UID=uid APIVersion=apiVersion ResourceVersion FieldPath
CSIPersistentVolumeSource Driver VolumeHandle ReadOnly:b FSType=fsType VolumeAttributes:{}s ControllerPublishSecretRef:*SecretReference NodeStageSecretRef:*SecretReference NodePublishSecretRef:*SecretReference ControllerExpandSecretRef:*SecretReference NodeExpandSecretRef:*SecretReference
PersistentVolumeClaimSpec AccessModes:[]PersistentVolumeAccessMode Selector:*v1.LabelSelector Resources:VolumeResourceRequirements VolumeName StorageClassName:*s VolumeMode:*s DataSource:*TypedLocalObjectReference DataSourceRef:*TypedObjectReference VolumeAttributesClassName:*s
VolumeResourceRequirements Limits:ResourceList Requests:ResourceList
TypedLocalObjectReference APIGroup=apiGroup:*s Kind Name
TypedObjectReference APIGroup=apiGroup:*s Kind Name Namespace:*s
# v1
LabelSelector MatchLabels:{}s MatchExpressions:[]LabelSelectorRequirement
LabelSelectorRequirement Key Operator Values:[]s
`;
