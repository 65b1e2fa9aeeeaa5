import type {
  Container,
  EphemeralContainer,
  LifecycleHandler,
  Pod,
  PodSpec,
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
  pod.status ??= {};
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
  for (const container of spec.containers ?? []) setContainerDefaults(container);
  for (const container of spec.initContainers ?? []) setContainerDefaults(container);
  for (const container of spec.ephemeralContainers ?? []) setContainerDefaults(container);
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume);
}

function setContainerDefaults(container: Container | EphemeralContainer): void {
  container.imagePullPolicy ||= defaultPullPolicy(container.image ?? "");
  container.terminationMessagePath ||= "/dev/termination-log";
  container.terminationMessagePolicy ||= "File";
  container.resources ??= {};
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

/** Always for `latest` (also when no tag is named), IfNotPresent for every other tag and for digests. */
export function defaultPullPolicy(image: string): string {
  const [name, digest] = image.split("@");
  const lastPart = name!.slice(name!.lastIndexOf("/") + 1);
  const colon = lastPart.indexOf(":");
  const tag = colon < 0 ? (digest === undefined ? "latest" : "") : lastPart.slice(colon + 1);
  return tag === "latest" ? "Always" : "IfNotPresent";
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
  if (volume.hostPath) volume.hostPath.type ??= "";
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
  if (volume.iscsi) volume.iscsi.iscsiInterface ||= "default";
  if (volume.image) volume.image.pullPolicy ||= defaultPullPolicy(volume.image.reference ?? "");
  if (volume.ephemeral?.volumeClaimTemplate?.spec)
    volume.ephemeral.volumeClaimTemplate.spec.volumeMode ??= "Filesystem";
}

function setFieldRefDefaults(items: { fieldRef?: { apiVersion?: string } }[] | undefined): void {
  for (const item of items ?? []) if (item.fieldRef) item.fieldRef.apiVersion ||= "v1";
}
