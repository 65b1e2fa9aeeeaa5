import { quantityMilliValue } from "../../../../formats/index.ts";
import type {
  Container,
  ContainerPort,
  EnvVar,
  PersistentVolumeClaimSpec,
  Pod,
  PodAffinity,
  PodSpec,
  PodTemplateSpec,
  Volume,
} from "../../generated/types.ts";
import { warningsOfIp } from "../../ip-address.ts";
import type { ObjectMeta } from "../../types.ts";
import { nodeLabelDeprecation, warningsOfNodeSelectorTerm } from "../deprecated-node-labels.ts";
import { containersOf } from "./containers-of.ts";
import { APP_ARMOR_CONTAINER } from "./validate-annotations.ts";
import { warningsOfPaths } from "./warnings-of-paths.ts";

interface PodOrTemplate {
  metadata?: Pick<ObjectMeta, "annotations">;
  spec: PodSpec;
}

const SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/";
const DEPRECATED_ANNOTATIONS = {
  "scheduler.alpha.kubernetes.io/critical-pod":
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
  "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
};
const DEPRECATED_VOLUMES: Partial<Record<keyof Volume, string>> = {
  photonPersistentDisk: "deprecated in v1.11, non-functional in v1.16+",
  gitRepo: "deprecated in v1.11, and disabled by default in v1.33+",
  scaleIO: "deprecated in v1.16, non-functional in v1.22+",
  flocker: "deprecated in v1.22, non-functional in v1.25+",
  storageos: "deprecated in v1.22, non-functional in v1.25+",
  quobyte: "deprecated in v1.22, non-functional in v1.25+",
  glusterfs: "deprecated in v1.25, non-functional in v1.26+",
  cephfs: "deprecated in v1.28, non-functional in v1.31+",
  rbd: "deprecated in v1.28, non-functional in v1.31+",
};
/** Resources that are counted in bytes, of which there are no parts. */
const IN_BYTES = ["memory", "ephemeral-storage"];
const NO_SELECTOR = "a null labelSelector results in matching no pod";

/** What a pod that is taken is warned of (upstream warningsForPodSpecAndMeta). `path` is empty for a pod itself. */
export function warningsOfPod(pod: PodOrTemplate, path = ""): string[] {
  const { spec } = pod;
  const at = path === "" ? "spec" : `${path}.spec`;
  return [
    ...warningsOfPlacement(spec, at),
    ...warningsOfAnnotations(pod, path === "" ? "metadata" : `${path}.metadata`),
    ...(spec.volumes ?? []).flatMap((volume, index) => warningsOfVolume(volume, `${at}.volumes[${index}]`)),
    ...warningsOfPaths(spec.volumes ?? []),
    ...repeated(spec.hostAliases, "ip", `${at}.hostAliases`),
    ...repeated(spec.imagePullSecrets, "name", `${at}.imagePullSecrets`),
    ...(spec.imagePullSecrets ?? []).flatMap(({ name }, index) =>
      name ? [] : [`${at}.imagePullSecrets[${index}].name: invalid empty name ""`],
    ),
    ...warningsOfFractions(spec.overhead, `${at}.overhead`, IN_BYTES),
    ...warningsOfSeccomp(pod, path === "" ? "metadata" : `${path}.metadata`),
    ...containersOf(spec, at).flatMap(([container, of]) => [
      ...warningsOfProfiles(container as Container, pod, path),
      ...warningsOfResources(container as Container, of),
      ...warningsOfEnv(container.env ?? [], `${of}.env`),
    ]),
    ...warningsOfPorts(spec, at),
    ...((spec.terminationGracePeriodSeconds ?? 0) < 0
      ? [
          `${at}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
        ]
      : []),
    ...warningsOfAffinity(spec.affinity?.podAffinity, `${at}.affinity.podAffinity`),
    ...warningsOfAffinity(spec.affinity?.podAntiAffinity, `${at}.affinity.podAntiAffinity`),
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((ip, index) =>
      warningsOfIp(`${at}.dnsConfig.nameservers[${index}]`, ip),
    ),
    ...(spec.hostAliases ?? []).flatMap(({ ip }, index) =>
      warningsOfIp(`${at}.hostAliases[${index}].ip`, ip),
    ),
  ];
}

/** What a template of pods inside another object is warned of (upstream GetWarningsForPodTemplate). */
export function warningsOfTemplate(template: PodTemplateSpec | undefined, path: string): string[] {
  return template?.spec === undefined ? [] : warningsOfPod({ ...template, spec: template.spec }, path);
}

export function warningsOfPodStatus({ status }: Pick<Pod, "status">): string[] {
  return (["podIPs", "hostIPs"] as const).flatMap((list) =>
    (status?.[list] ?? []).flatMap(({ ip }, index) => warningsOfIp(`status.${list}[${index}].ip`, ip ?? "")),
  );
}

function warningsOfPlacement(
  { nodeSelector, affinity, topologySpreadConstraints }: PodSpec,
  at: string,
): string[] {
  const required = "requiredDuringSchedulingIgnoredDuringExecution";
  const preferred = "preferredDuringSchedulingIgnoredDuringExecution";
  const ofNode = `${at}.affinity.nodeAffinity`;
  const terms = affinity?.nodeAffinity?.[required]?.nodeSelectorTerms ?? [];
  return [
    ...Object.keys(nodeSelector ?? {}).flatMap((key) => {
      const why = nodeLabelDeprecation(key);
      return why === undefined ? [] : [`${at}.nodeSelector[${key}]: ${why}`];
    }),
    ...terms.flatMap((term, index) =>
      warningsOfNodeSelectorTerm(term, `${ofNode}.${required}.nodeSelectorTerms[${index}]`, false),
    ),
    ...(affinity?.nodeAffinity?.[preferred] ?? []).flatMap(({ preference }, index) =>
      warningsOfNodeSelectorTerm(preference, `${ofNode}.${preferred}[${index}].preference`, true),
    ),
    ...(topologySpreadConstraints ?? []).flatMap(({ topologyKey, labelSelector }, index) => {
      const constraint = `${at}.topologySpreadConstraints[${index}]`;
      const why = nodeLabelDeprecation(topologyKey);
      return [
        ...(why === undefined ? [] : [`${constraint}.topologyKey: ${topologyKey} is ${why}`]),
        ...(labelSelector === undefined ? [`${constraint}.labelSelector: ${NO_SELECTOR}`] : []),
      ];
    }),
  ];
}

function warningsOfAnnotations({ metadata }: PodOrTemplate, at: string): string[] {
  return Object.entries(DEPRECATED_ANNOTATIONS)
    .filter(([key]) => metadata?.annotations?.[key] !== undefined)
    .map(([key, why]) => `${at}.annotations[${key}]: ${why}`);
}

function warningsOfVolume(volume: Volume, at: string): string[] {
  const claim = volume.ephemeral?.volumeClaimTemplate?.spec;
  return [
    ...Object.entries(DEPRECATED_VOLUMES)
      .filter(([source]) => volume[source as keyof Volume] !== undefined)
      .map(([source, why]) => `${at}.${source}: ${why}`),
    ...warningsOfClaim(claim, `${at}.ephemeral.volumeClaimTemplate.spec`),
  ];
}

/** `GetWarningsForPersistentVolumeClaimSpec`. */
export function warningsOfClaim(claim: PersistentVolumeClaimSpec | undefined, at: string): string[] {
  return [
    ...warningsOfFractions(claim?.resources?.requests, `${at}.resources.requests`, ["storage"]),
    ...warningsOfFractions(claim?.resources?.limits, `${at}.resources.limits`, ["storage"]),
  ];
}

function repeated<K extends string>(
  list: readonly { [key in K]?: string }[] | undefined,
  key: K,
  at: string,
): string[] {
  const seen = new Set<string>();
  return (list ?? []).flatMap((item, index) => {
    const value = item[key] ?? "";
    if (seen.has(value)) return [`${at}[${index}].${key}: duplicate ${key} ${JSON.stringify(value)}`];
    seen.add(value);
    return [];
  });
}

export function warningsOfFractions(
  amounts: Record<string, string> | undefined,
  at: string,
  resources: readonly string[],
): string[] {
  return resources.flatMap((resource) => {
    const amount = amounts?.[resource];
    if (amount === undefined || quantityMilliValue(amount) % 1000 === 0) return [];
    return [
      `${at}[${resource}]: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`,
    ];
  });
}

function warningsOfResources({ resources }: Container, at: string): string[] {
  return IN_BYTES.flatMap((resource) => [
    ...warningsOfFractions(resources?.limits, `${at}.resources.limits`, [resource]),
    ...warningsOfFractions(resources?.requests, `${at}.resources.requests`, [resource]),
  ]);
}

const USE_SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead';

function warningsOfSeccomp({ metadata, spec }: PodOrTemplate, at: string): string[] {
  if (spec.securityContext?.seccompProfile || metadata?.annotations?.[SECCOMP_POD] === undefined) return [];
  return [`${at}.annotations[${SECCOMP_POD}]: ${USE_SECCOMP}`];
}

function warningsOfProfiles(
  { name, securityContext }: Container,
  { metadata, spec }: PodOrTemplate,
  path: string,
): string[] {
  const warnings: string[] = [];
  const at = path === "" ? "metadata" : `${path}.metadata`;
  const hasAnnotation = (key: string) => metadata?.annotations?.[key] !== undefined;
  const seccomp = SECCOMP_CONTAINER + name;
  if (!securityContext?.seccompProfile && hasAnnotation(seccomp))
    warnings.push(`${at}.annotations[${seccomp}]: ${USE_SECCOMP}`);
  const appArmor = APP_ARMOR_CONTAINER + name;
  const hasField = spec.securityContext?.appArmorProfile ?? securityContext?.appArmorProfile;
  // A pod's own were told before they became fields.
  if (path !== "" && !hasField && hasAnnotation(appArmor)) warnings.push(appArmorDeprecation(appArmor, at));
  return warnings;
}

export function appArmorDeprecation(annotation: string, at = "metadata"): string {
  return `${at}.annotations[${annotation}]: deprecated since v1.30; use the "appArmorProfile" field instead`;
}

function warningsOfEnv(variables: readonly EnvVar[], at: string): string[] {
  const seen = new Set<string>();
  return variables.flatMap(({ name, value = "", valueFrom }, index) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    // One that extends the earlier value is fine.
    const reference = `$(${name})`;
    if (!valueFrom && value !== reference && value.includes(reference)) return [];
    return [
      `${at}[${index}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`,
    ];
  });
}

function warningsOfPorts(spec: PodSpec, at: string): string[] {
  const all = containersOf(spec, at).flatMap(([{ ports }, of]) =>
    (ports ?? []).map((port, index) => ({ port, at: `${of}.ports[${index}]` })),
  );
  const warnings: string[] = [];
  all.forEach(({ port, at }, index) => {
    if (port.hostIP && !port.hostPort) warnings.push(`${at}: hostIP set without hostPort: ${goPort(port)}`);
    for (const other of all.slice(0, index)) {
      const how = conflict(port, other.port);
      if (how !== undefined) warnings.push(`${at}: ${how} port definition with ${other.at}`);
    }
  });
  const names = new Map<string, string>();
  for (const { port, at } of all) {
    if (!port.name) continue;
    const other = names.get(port.name);
    if (other === undefined) names.set(port.name, at);
    else
      warnings.push(
        `${at}: duplicate port name ${JSON.stringify(port.name)} with ${other}, services and probes that select ports by name will use ${other}`,
      );
  }
  return warnings;
}

function conflict(a: ContainerPort, b: ContainerPort): string | undefined {
  if (a.containerPort !== b.containerPort || (a.protocol ?? "") !== (b.protocol ?? "")) return undefined;
  const [hostA, hostB] = [a.hostPort ?? 0, b.hostPort ?? 0];
  const [ipA, ipB] = [a.hostIP ?? "", b.hostIP ?? ""];
  if (ipA === ipB && hostA === hostB) return "duplicate";
  if (hostA === 0 || hostB === 0) return "overlapping";
  return hostA === hostB && (ipA === "") !== (ipB === "") ? "dangerously ambiguous" : undefined;
}

/** As Go's `%+v` prints the struct. */
function goPort({
  name = "",
  hostPort = 0,
  containerPort,
  protocol = "",
  hostIP = "",
}: ContainerPort): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
}

function warningsOfAffinity(affinity: PodAffinity | undefined, at: string): string[] {
  const required = "requiredDuringSchedulingIgnoredDuringExecution";
  const preferred = "preferredDuringSchedulingIgnoredDuringExecution";
  return [
    ...(affinity?.[required] ?? []).flatMap(({ labelSelector }, index) =>
      labelSelector === undefined ? [`${at}.${required}[${index}].labelSelector: ${NO_SELECTOR}`] : [],
    ),
    ...(affinity?.[preferred] ?? []).flatMap(({ podAffinityTerm }, index) =>
      podAffinityTerm.labelSelector === undefined
        ? [`${at}.${preferred}[${index}].podAffinityTerm.labelSelector: ${NO_SELECTOR}`]
        : [],
    ),
  ];
}
