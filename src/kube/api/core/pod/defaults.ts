import { roundUpToMilli, tryParseImageReference } from "../../../../formats/index.ts";
import type {
  Container,
  EphemeralContainer,
  LifecycleHandler,
  PersistentVolumeSpec,
  Pod,
  PodSpec,
  PodStatus,
  PodTemplateSpec,
  Probe,
  Volume,
} from "../../generated/types.ts";

/** `SetDefaults_Pod` and what it reaches. */
export function setPodDefaults(pod: Pod): void {
  pod.spec ??= {} as PodSpec;
  const { spec } = pod;
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])])
    requestsFromLimits(container);
  spec.enableServiceLinks ??= true;
  if (spec.hostNetwork) {
    for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])])
      hostPorts(container);
  }
  setPodSpecDefaults(spec);
  // A negative grace counts as the shortest one.
  if (spec.terminationGracePeriodSeconds! < 0) spec.terminationGracePeriodSeconds = 1;
  pod.status ??= {};
  setAddresses(pod.status);
}

/** The one address and the list of them are two names of one field; the older name decides. */
function setAddresses(status: PodStatus): void {
  if (status.podIP && status.podIPs?.[0]?.ip !== status.podIP) status.podIPs = [{ ip: status.podIP }];
  if (!status.podIP && status.podIPs?.[0]?.ip) status.podIP = status.podIPs[0].ip;
}

/** A resource that is limited but not requested is requested up to its limit; only in pods, not in templates. */
function requestsFromLimits(container: Container): void {
  const { limits } = container.resources ?? {};
  if (limits === undefined) return;
  container.resources!.requests = { ...limits, ...container.resources!.requests };
}

function hostPorts(container: Container): void {
  for (const port of container.ports ?? []) port.hostPort ||= port.containerPort;
}

/** Defaults of a pod template (Deployment, ReplicaSet, …). */
export function setPodTemplateDefaults(template: PodTemplateSpec): void {
  // Go writes the zero time of a template's metadata as null.
  template.metadata = { creationTimestamp: null, ...template.metadata };
  template.spec ??= {} as PodSpec;
  setPodSpecDefaults(template.spec);
}

/** `SetDefaults_PodSpec` and all that lies below a PodSpec. */
export function setPodSpecDefaults(spec: PodSpec): void {
  spec.dnsPolicy ||= "ClusterFirst";
  spec.restartPolicy ||= "Always";
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= "default-scheduler";
  // The older name of the same field; each is filled from the other on the way in.
  if (spec.serviceAccountName || spec.serviceAccount) {
    spec.serviceAccountName ||= spec.serviceAccount;
    spec.serviceAccount = spec.serviceAccountName;
  }
  roundAmounts(spec.overhead);
  for (const container of spec.containers ?? []) setContainerDefaults(container);
  for (const container of spec.initContainers ?? []) setContainerDefaults(container);
  for (const container of spec.ephemeralContainers ?? []) setContainerDefaults(container);
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume);
}

/** `SetDefaults_ResourceList`, in place. */
export function roundAmounts(list: Record<string, string> | undefined): void {
  for (const [name, quantity] of Object.entries(list ?? {})) list![name] = roundUpToMilli(quantity);
}

function setContainerDefaults(container: Container | EphemeralContainer): void {
  container.imagePullPolicy ||= defaultPullPolicy(container.image ?? "");
  container.terminationMessagePath ||= "/dev/termination-log";
  container.terminationMessagePolicy ||= "File";
  container.resources ??= {};
  roundAmounts(container.resources.limits);
  roundAmounts(container.resources.requests);
  for (const port of container.ports ?? []) port.protocol ||= "TCP";
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (probe !== undefined) setProbeDefaults(probe);
  }
  for (const handler of [container.lifecycle?.postStart, container.lifecycle?.preStop]) {
    if (handler !== undefined) setHandlerDefaults(handler);
  }
  for (const env of container.env ?? []) {
    if (env.valueFrom?.fieldRef !== undefined) env.valueFrom.fieldRef.apiVersion ||= "v1";
  }
}

/** Always for `latest` (also when no tag is named), IfNotPresent for every other tag, for digests and for what is no image name. */
export function defaultPullPolicy(image: string): string {
  const reference = tryParseImageReference(image);
  if (reference === undefined) return "IfNotPresent";
  const isLatest = reference.tag === "latest" || (!reference.tag && !reference.digest);
  return isLatest ? "Always" : "IfNotPresent";
}

function setProbeDefaults(probe: Probe): void {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  setHandlerDefaults(probe);
  if (probe.grpc !== undefined) probe.grpc.service ??= "";
}

function setHandlerDefaults(handler: Pick<LifecycleHandler, "httpGet">): void {
  if (handler.httpGet === undefined) return;
  handler.httpGet.path ||= "/";
  handler.httpGet.scheme ||= "HTTP";
}

/** rw-r--r-- in decimal, as JSON has no octal numbers. */
const DEFAULT_MODE = 0o644;

function setVolumeDefaults(volume: Volume): void {
  const { name: _, ...sources } = volume;
  if (Object.keys(sources).length === 0) volume.emptyDir = {};
  if (volume.secret) volume.secret.defaultMode ??= DEFAULT_MODE;
  if (volume.configMap) volume.configMap.defaultMode ??= DEFAULT_MODE;
  if (volume.downwardAPI) {
    volume.downwardAPI.defaultMode ??= DEFAULT_MODE;
    setFieldRefDefaults(volume.downwardAPI.items);
  }
  if (volume.projected) {
    volume.projected.defaultMode ??= DEFAULT_MODE;
    for (const source of volume.projected.sources ?? []) {
      if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600;
      setFieldRefDefaults(source.downwardAPI?.items);
    }
  }
  if (volume.ephemeral?.volumeClaimTemplate) {
    const { spec } = volume.ephemeral.volumeClaimTemplate;
    spec.volumeMode ??= "Filesystem";
    roundAmounts(spec.resources?.limits);
    roundAmounts(spec.resources?.requests);
  }
  setStorageDefaults(volume);
}

type StorageSources = Pick<
  Volume | PersistentVolumeSpec,
  "hostPath" | "iscsi" | "rbd" | "azureDisk" | "scaleIO"
>;

/** Of sources that pods and persistent volumes have alike. */
export function setStorageDefaults({ hostPath, iscsi, rbd, azureDisk, scaleIO }: StorageSources): void {
  if (hostPath) hostPath.type ??= "";
  if (iscsi) iscsi.iscsiInterface ||= "default";
  if (rbd) {
    rbd.pool ||= "rbd";
    rbd.user ||= "admin";
    rbd.keyring ||= "/etc/ceph/keyring";
  }
  if (azureDisk) {
    azureDisk.cachingMode ??= "ReadWrite";
    azureDisk.fsType ??= "ext4";
    azureDisk.readOnly ??= false;
    azureDisk.kind ??= "Shared";
  }
  if (scaleIO) {
    scaleIO.storageMode ||= "ThinProvisioned";
    scaleIO.fsType ||= "xfs";
  }
}

function setFieldRefDefaults(items: { fieldRef?: { apiVersion?: string } }[] | undefined): void {
  for (const item of items ?? []) if (item.fieldRef) item.fieldRef.apiVersion ||= "v1";
}
