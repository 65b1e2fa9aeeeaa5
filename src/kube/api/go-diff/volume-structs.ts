/** Upstream's internal structs of volumes and claims, in the notation of go-type.ts. Source: k8s.io/kubernetes/pkg/apis/core/types.go. */
export const VOLUME_STRUCTS = `# core
Volume Name VolumeSource:.VolumeSource
VolumeSource HostPath:*HostPathVolumeSource EmptyDir:*EmptyDirVolumeSource GCEPersistentDisk=gcePersistentDisk:*GCEPersistentDiskVolumeSource AWSElasticBlockStore=awsElasticBlockStore:*AWSElasticBlockStoreVolumeSource GitRepo:*GitRepoVolumeSource Secret:*SecretVolumeSource NFS=nfs:*NFSVolumeSource ISCSI=iscsi:*ISCSIVolumeSource Glusterfs:*GlusterfsVolumeSource PersistentVolumeClaim:*PersistentVolumeClaimVolumeSource RBD=rbd:*RBDVolumeSource Quobyte:*QuobyteVolumeSource FlexVolume:*FlexVolumeSource Cinder:*CinderVolumeSource CephFS=cephfs:*CephFSVolumeSource Flocker:*FlockerVolumeSource DownwardAPI:*DownwardAPIVolumeSource FC=fc:*FCVolumeSource AzureFile:*AzureFileVolumeSource ConfigMap:*ConfigMapVolumeSource VsphereVolume:*VsphereVirtualDiskVolumeSource AzureDisk:*AzureDiskVolumeSource PhotonPersistentDisk:*PhotonPersistentDiskVolumeSource Projected:*ProjectedVolumeSource PortworxVolume:*PortworxVolumeSource ScaleIO:*ScaleIOVolumeSource StorageOS=storageos:*StorageOSVolumeSource CSI=csi:*CSIVolumeSource Ephemeral:*EphemeralVolumeSource Image:*ImageVolumeSource
HostPathVolumeSource Path Type:*HostPathType
EmptyDirVolumeSource Medium:StorageMedium SizeLimit:*q
GCEPersistentDiskVolumeSource PDName=pdName FSType=fsType Partition:i ReadOnly:b
AWSElasticBlockStoreVolumeSource VolumeID FSType=fsType Partition:i ReadOnly:b
GitRepoVolumeSource Repository Revision Directory
SecretVolumeSource SecretName Items:[]KeyToPath DefaultMode:*i Optional:*b
KeyToPath Key Path Mode:*i
NFSVolumeSource Server Path ReadOnly:b
ISCSIVolumeSource TargetPortal IQN=iqn Lun:i ISCSIInterface=iscsiInterface FSType=fsType ReadOnly:b Portals:[]s DiscoveryCHAPAuth=chapAuthDiscovery:b SessionCHAPAuth=chapAuthSession:b SecretRef:*LocalObjectReference InitiatorName:*s
GlusterfsVolumeSource EndpointsName=endpoints Path ReadOnly:b
PersistentVolumeClaimVolumeSource ClaimName ReadOnly:b
RBDVolumeSource CephMonitors=monitors:[]s RBDImage=image FSType=fsType RBDPool=pool RadosUser=user Keyring SecretRef:*LocalObjectReference ReadOnly:b
QuobyteVolumeSource Registry Volume ReadOnly:b User Group Tenant
FlexVolumeSource Driver FSType=fsType SecretRef:*LocalObjectReference ReadOnly:b Options:{}s
CinderVolumeSource VolumeID FSType=fsType ReadOnly:b SecretRef:*LocalObjectReference
CephFSVolumeSource Monitors:[]s Path User SecretFile SecretRef:*LocalObjectReference ReadOnly:b
FlockerVolumeSource DatasetName DatasetUUID
DownwardAPIVolumeSource Items:[]DownwardAPIVolumeFile DefaultMode:*i
DownwardAPIVolumeFile Path FieldRef:*ObjectFieldSelector ResourceFieldRef:*ResourceFieldSelector Mode:*i
ObjectFieldSelector APIVersion=apiVersion FieldPath
ResourceFieldSelector ContainerName Resource Divisor:q
FCVolumeSource TargetWWNs:[]s Lun:*i FSType=fsType ReadOnly:b WWIDs=wwids:[]s
AzureFileVolumeSource SecretName ShareName ReadOnly:b
ConfigMapVolumeSource LocalObjectReference:.LocalObjectReference Items:[]KeyToPath DefaultMode:*i Optional:*b
VsphereVirtualDiskVolumeSource VolumePath FSType=fsType StoragePolicyName StoragePolicyID
AzureDiskVolumeSource DiskName DataDiskURI=diskURI CachingMode:*AzureDataDiskCachingMode FSType=fsType:*s ReadOnly:*b Kind:*AzureDataDiskKind
PhotonPersistentDiskVolumeSource PdID FSType=fsType
ProjectedVolumeSource Sources:[]VolumeProjection DefaultMode:*i
VolumeProjection Secret:*SecretProjection DownwardAPI:*DownwardAPIProjection ConfigMap:*ConfigMapProjection ServiceAccountToken:*ServiceAccountTokenProjection ClusterTrustBundle:*ClusterTrustBundleProjection
SecretProjection LocalObjectReference:.LocalObjectReference Items:[]KeyToPath Optional:*b
DownwardAPIProjection Items:[]DownwardAPIVolumeFile
ConfigMapProjection LocalObjectReference:.LocalObjectReference Items:[]KeyToPath Optional:*b
ServiceAccountTokenProjection Audience ExpirationSeconds:l Path
ClusterTrustBundleProjection Name:*s SignerName:*s LabelSelector:*v1.LabelSelector Optional:*b Path
PortworxVolumeSource VolumeID FSType=fsType ReadOnly:b
ScaleIOVolumeSource Gateway System SecretRef:*LocalObjectReference SSLEnabled=sslEnabled:b ProtectionDomain StoragePool StorageMode VolumeName FSType=fsType ReadOnly:b
StorageOSVolumeSource VolumeName VolumeNamespace FSType=fsType ReadOnly:b SecretRef:*LocalObjectReference
CSIVolumeSource Driver ReadOnly:*b FSType=fsType:*s VolumeAttributes:{}s NodePublishSecretRef:*LocalObjectReference
EphemeralVolumeSource VolumeClaimTemplate:*PersistentVolumeClaimTemplate
PersistentVolumeClaimTemplate ObjectMeta=metadata:v1.ObjectMeta Spec:PersistentVolumeClaimSpec
PersistentVolumeClaimSpec AccessModes:[]PersistentVolumeAccessMode Selector:*v1.LabelSelector Resources:VolumeResourceRequirements VolumeName StorageClassName:*s VolumeMode:*PersistentVolumeMode DataSource:*TypedLocalObjectReference DataSourceRef:*TypedObjectReference VolumeAttributesClassName:*s
VolumeResourceRequirements Limits:ResourceList Requests:ResourceList
TypedLocalObjectReference APIGroup=apiGroup:*s Kind Name
TypedObjectReference APIGroup=apiGroup:*s Kind Name Namespace:*s
ImageVolumeSource Reference PullPolicy:PullPolicy
PersistentVolumeSource GCEPersistentDisk=gcePersistentDisk:*GCEPersistentDiskVolumeSource AWSElasticBlockStore=awsElasticBlockStore:*AWSElasticBlockStoreVolumeSource HostPath:*HostPathVolumeSource Glusterfs:*GlusterfsPersistentVolumeSource NFS=nfs:*NFSVolumeSource RBD=rbd:*RBDPersistentVolumeSource Quobyte:*QuobyteVolumeSource ISCSI=iscsi:*ISCSIPersistentVolumeSource FlexVolume:*FlexPersistentVolumeSource Cinder:*CinderPersistentVolumeSource CephFS=cephfs:*CephFSPersistentVolumeSource FC=fc:*FCVolumeSource Flocker:*FlockerVolumeSource AzureFile:*AzureFilePersistentVolumeSource VsphereVolume:*VsphereVirtualDiskVolumeSource AzureDisk:*AzureDiskVolumeSource PhotonPersistentDisk:*PhotonPersistentDiskVolumeSource PortworxVolume:*PortworxVolumeSource ScaleIO:*ScaleIOPersistentVolumeSource Local:*LocalVolumeSource StorageOS=storageos:*StorageOSPersistentVolumeSource CSI=csi:*CSIPersistentVolumeSource
GlusterfsPersistentVolumeSource EndpointsName=endpoints Path ReadOnly:b EndpointsNamespace:*s
RBDPersistentVolumeSource CephMonitors=monitors:[]s RBDImage=image FSType=fsType RBDPool=pool RadosUser=user Keyring SecretRef:*SecretReference ReadOnly:b
SecretReference Name Namespace
ISCSIPersistentVolumeSource TargetPortal IQN=iqn Lun:i ISCSIInterface=iscsiInterface FSType=fsType ReadOnly:b Portals:[]s DiscoveryCHAPAuth=chapAuthDiscovery:b SessionCHAPAuth=chapAuthSession:b SecretRef:*SecretReference InitiatorName:*s
FlexPersistentVolumeSource Driver FSType=fsType SecretRef:*SecretReference ReadOnly:b Options:{}s
CinderPersistentVolumeSource VolumeID FSType=fsType ReadOnly:b SecretRef:*SecretReference
CephFSPersistentVolumeSource Monitors:[]s Path User SecretFile SecretRef:*SecretReference ReadOnly:b
AzureFilePersistentVolumeSource SecretName ShareName ReadOnly:b SecretNamespace:*s
ScaleIOPersistentVolumeSource Gateway System SecretRef:*SecretReference SSLEnabled=sslEnabled:b ProtectionDomain StoragePool StorageMode VolumeName FSType=fsType ReadOnly:b
LocalVolumeSource Path FSType=fsType:*s
StorageOSPersistentVolumeSource VolumeName VolumeNamespace FSType=fsType ReadOnly:b SecretRef:*ObjectReference
ObjectReference Kind Namespace Name UID=uid:types.UID APIVersion=apiVersion ResourceVersion FieldPath
CSIPersistentVolumeSource Driver VolumeHandle ReadOnly:b FSType=fsType VolumeAttributes:{}s ControllerPublishSecretRef:*SecretReference NodeStageSecretRef:*SecretReference NodePublishSecretRef:*SecretReference ControllerExpandSecretRef:*SecretReference NodeExpandSecretRef:*SecretReference
`;
