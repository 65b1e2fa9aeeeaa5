import { GoLiteral, goStringMap, goValue } from "./field-error.ts";
import { goObjectMeta, goPointer, goQuantity } from "./go-value.ts";

/**
 * The fields of upstream's internal structs, in their order, as far as refusals print them whole. `# core` opens a
 * package; `Name=json:type`: `json` where it is not the name in lower case, the type where it is not a text: `b` boolean,
 * `i` number, `m` map of texts, `q` amounts, `*X` list, `^X` pointer, `.X` an embedded struct, `@` metadata. A struct
 * that is `=X` has the fields of `X`.
 */
const STRUCTS = `# core
PodTemplateSpec ObjectMeta=metadata:@ Spec:PodSpec
PodSpec Volumes:*Volume InitContainers:*Container Containers:*Container EphemeralContainers:*EphemeralContainer RestartPolicy TerminationGracePeriodSeconds:^int64 ActiveDeadlineSeconds:^int64 DNSPolicy NodeSelector:m ServiceAccountName AutomountServiceAccountToken:^bool NodeName SecurityContext:^PodSecurityContext ImagePullSecrets:*LocalObjectReference Hostname Subdomain SetHostnameAsFQDN:^bool Affinity:^Affinity SchedulerName Tolerations:*Toleration HostAliases:*HostAlias PriorityClassName Priority:^int32 PreemptionPolicy:^PreemptionPolicy DNSConfig:^PodDNSConfig ReadinessGates:*PodReadinessGate RuntimeClassName:^string Overhead:q EnableServiceLinks:^bool TopologySpreadConstraints:*TopologySpreadConstraint OS:^PodOS SchedulingGates:*PodSchedulingGate ResourceClaims:*PodResourceClaim Resources:^ResourceRequirements
Volume Name VolumeSource:.VolumeSource
VolumeSource HostPath:^HostPathVolumeSource EmptyDir:^EmptyDirVolumeSource GCEPersistentDisk:^GCEPersistentDiskVolumeSource AWSElasticBlockStore:^AWSElasticBlockStoreVolumeSource GitRepo:^GitRepoVolumeSource Secret:^SecretVolumeSource NFS:^NFSVolumeSource ISCSI:^ISCSIVolumeSource Glusterfs:^GlusterfsVolumeSource PersistentVolumeClaim:^PersistentVolumeClaimVolumeSource RBD:^RBDVolumeSource Quobyte:^QuobyteVolumeSource FlexVolume:^FlexVolumeSource Cinder:^CinderVolumeSource CephFS=cephfs:^CephFSVolumeSource Flocker:^FlockerVolumeSource DownwardAPI:^DownwardAPIVolumeSource FC:^FCVolumeSource AzureFile:^AzureFileVolumeSource ConfigMap:^ConfigMapVolumeSource VsphereVolume:^VsphereVirtualDiskVolumeSource AzureDisk:^AzureDiskVolumeSource PhotonPersistentDisk:^PhotonPersistentDiskVolumeSource Projected:^ProjectedVolumeSource PortworxVolume:^PortworxVolumeSource ScaleIO:^ScaleIOVolumeSource StorageOS=storageos:^StorageOSVolumeSource CSI:^CSIVolumeSource Ephemeral:^EphemeralVolumeSource Image:^ImageVolumeSource
Container Name Image Command:*string Args:*string WorkingDir Ports:*ContainerPort EnvFrom:*EnvFromSource Env:*EnvVar Resources:ResourceRequirements ResizePolicy:*ContainerResizePolicy RestartPolicy:^ContainerRestartPolicy VolumeMounts:*VolumeMount VolumeDevices:*VolumeDevice LivenessProbe:^Probe ReadinessProbe:^Probe StartupProbe:^Probe Lifecycle:^Lifecycle TerminationMessagePath TerminationMessagePolicy ImagePullPolicy SecurityContext:^SecurityContext Stdin:b StdinOnce:b TTY:b
EphemeralContainer EphemeralContainerCommon:.EphemeralContainerCommon TargetContainerName
EphemeralContainerCommon =Container
ContainerPort Name HostPort:i ContainerPort:i Protocol HostIP
EnvFromSource Prefix ConfigMapRef:^ConfigMapEnvSource SecretRef:^SecretEnvSource
EnvVar Name Value ValueFrom:^EnvVarSource
ResourceRequirements Limits:q Requests:q Claims:*ResourceClaim
ResourceClaim Name Request
ContainerResizePolicy ResourceName RestartPolicy
VolumeMount Name ReadOnly:b RecursiveReadOnly:^RecursiveReadOnlyMode MountPath SubPath MountPropagation:^MountPropagationMode SubPathExpr
VolumeDevice Name DevicePath
LocalObjectReference Name
Toleration Key Operator Value Effect TolerationSeconds:^int64
HostAlias IP Hostnames:*string
PodReadinessGate ConditionType
TopologySpreadConstraint MaxSkew:i TopologyKey WhenUnsatisfiable LabelSelector:^v1.LabelSelector MinDomains:^int32 NodeAffinityPolicy:^NodeInclusionPolicy NodeTaintsPolicy:^NodeInclusionPolicy MatchLabelKeys:*string
PodSchedulingGate Name
PodResourceClaim Name ResourceClaimName:^string ResourceClaimTemplateName:^string
# batch
PodFailurePolicy Rules:*PodFailurePolicyRule
PodFailurePolicyRule Action OnExitCodes:^PodFailurePolicyOnExitCodesRequirement OnPodConditions:*PodFailurePolicyOnPodConditionsPattern
PodFailurePolicyOnPodConditionsPattern Type Status
SuccessPolicy Rules:*SuccessPolicyRule
SuccessPolicyRule SucceededIndexes:^string SucceededCount:^int32
UncountedTerminatedPods Succeeded:*types.UID Failed:*types.UID
`;

interface Field {
  go: string;
  json: string;
  type: string;
}

let structs: ReadonlyMap<string, readonly Field[]> | undefined;

function readStructs(): ReadonlyMap<string, readonly Field[]> {
  const found = new Map<string, readonly Field[]>();
  let pkg = "";
  for (const line of STRUCTS.split("\n").filter(Boolean)) {
    const [name = "", ...tokens] = line.split(" ");
    if (name === "#") pkg = tokens[0]!;
    else if (tokens[0]!.startsWith("="))
      found.set(`${pkg}.${name}`, found.get(`${pkg}.${tokens[0]!.slice(1)}`)!);
    else found.set(`${pkg}.${name}`, tokens.map(readField));
  }
  return found;
}

function readField(token: string): Field {
  const [, go = "", json, type = "s"] = /^(\w+)(?:=(\w+))?(?::(.+))?$/.exec(token)!;
  return { go, json: json ?? jsonName(go), type };
}

/** `DNSPolicy` is `dnsPolicy`, `TTY` is `tty`. */
const jsonName = (go: string) =>
  go.replace(/^[A-Z]+(?=[A-Z][a-z])|^[A-Z]+$|^[A-Z]/, (capitals) => capitals.toLowerCase());

// biome-ignore lint/suspicious/noExplicitAny: values of every shape
type Json = any;

/** A value of one of the structs as Go's `%#v` prints it: `batch.SuccessPolicy{Rules:[]…}`; absent is null. */
export function goStructOf(type: string, value: object | undefined): GoLiteral | undefined {
  return value === undefined ? undefined : new GoLiteral(structText(type, value));
}

function structText(type: string, value: Json): string {
  structs ??= readStructs();
  const pkg = type.split(".", 1)[0]!;
  const fields = structs.get(type)!.map(({ go, json, type: of }) => {
    const inner = of.startsWith(".") ? value : value?.[json];
    return `${go}:${fieldText(of.replace(/^\./, ""), inner ?? undefined, pkg)}`;
  });
  return `${type}{${fields.join(", ")}}`;
}

function fieldText(type: string, value: Json, pkg: string): string {
  switch (type) {
    case "s":
      return JSON.stringify(value ?? "");
    case "i":
      return String(value ?? 0);
    case "b":
      return String(value ?? false);
    case "m":
      return goStringMap(value).text;
    case "q":
      return amountsText(value);
    case "@":
      return goObjectMeta(value ?? {}).text;
    default:
      if (type.startsWith("*")) return listText(type.slice(1), value, pkg);
      if (type.startsWith("^")) return goPointer(qualified(type.slice(1), pkg), value).text;
      return structText(qualified(type, pkg), value ?? {});
  }
}

function listText(type: string, list: Json[] | undefined, pkg: string): string {
  const name = qualified(type, pkg);
  if (list === undefined) return `[]${name}(nil)`;
  const isText = type === "string" || type === "types.UID";
  const items = list.map((item) => (isText ? goValue(item) : structText(name, item)));
  return `[]${name}{${items.join(", ")}}`;
}

function amountsText(amounts: Record<string, string> | undefined): string {
  if (amounts === undefined) return "core.ResourceList(nil)";
  const pairs = Object.keys(amounts)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${goQuantity(amounts[name]!).text}`);
  return `core.ResourceList{${pairs.join(", ")}}`;
}

/** Go's own types have no package. */
const qualified = (type: string, pkg: string) =>
  type.includes(".") || /^[a-z]/.test(type) ? type : `${pkg}.${type}`;
