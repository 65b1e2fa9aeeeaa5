import { isDns1123Subdomain, isQualifiedName } from "../../../../formats/index.ts";
import { duplicate, forbidden, IMMUTABLE, invalid, invalidEach, notSupported } from "../../field-error.ts";
import type { ContainerStatus, Pod, PodStatus, ResourceStatus } from "../../generated/types.ts";
import { isDualStack, validateIp } from "../../ip-address.ts";
import type { FieldError } from "../../types.ts";
import { validatePodAnnotations, validatePodAnnotationsUpdate } from "./validate-annotations.ts";
import { validateId } from "./validate-security.ts";

/** What a write to the status may not say (upstream ValidatePodStatusUpdate). */
export function validatePodStatusUpdate(next: Pod, previous: Pod): FieldError[] {
  const [now, before]: [PodStatus, PodStatus] = [next.status ?? {}, previous.status ?? {}];
  const { annotations } = next.metadata;
  const path = "metadata.annotations";
  return [
    ...validatePodAnnotationsUpdate(annotations, previous.metadata.annotations, path),
    ...validatePodAnnotations(annotations, next.spec, path),
    ...validateConditions(now, "status.conditions"),
    ...validateNomination(now, before, "status.nominatedNodeName"),
    ...validateGeneration(now.observedGeneration, "status.observedGeneration"),
    ...(now.qosClass === before.qosClass ? [] : [invalid("status.qosClass", now.qosClass ?? "", IMMUTABLE)]),
    ...validateTransitions(next, previous),
    ...validateClaimStatuses(next, "status.resourceClaimStatuses"),
    ...validateIps("status.podIPs", now.podIPs, before.podIPs),
    ...validateHostIps(now, before),
    ...LISTS.flatMap((list) => validateContainerStatuses(next, list)),
  ];
}

function validateGeneration(generation: number | undefined, path: string): FieldError[] {
  return generation !== undefined && generation < 0
    ? [invalid(path, generation, "must be a non-negative integer")]
    : [];
}

const SYSTEM_CONDITIONS = ["PodScheduled", "Ready", "Initialized"];

function validateConditions({ conditions = [] }: PodStatus, path: string): FieldError[] {
  return conditions.flatMap(({ type, observedGeneration }, index) => [
    ...validateGeneration(observedGeneration, `${path}[${index}].observedGeneration`),
    ...(SYSTEM_CONDITIONS.includes(type)
      ? []
      : invalidEach(`${path}[${index}].Type`, type, isQualifiedName(type))),
  ]);
}

function validateNomination(now: PodStatus, before: PodStatus, path: string): FieldError[] {
  const node = now.nominatedNodeName;
  if (!node || node === before.nominatedNodeName) return [];
  return invalidEach(path, node, isDns1123Subdomain(node));
}

/** A container that has ended for good may not run again. */
function validateTransitions(next: Pod, previous: Pod): FieldError[] {
  const { restartPolicy = "Always", initContainers = [] } = previous.spec;
  const sidecars = initContainers.filter((one) => one.restartPolicy === "Always").map((one) => one.name);
  return [
    ...stayTerminated("containerStatuses", next, previous, restartPolicy),
    ...stayTerminated("initContainerStatuses", next, previous, restartPolicy, sidecars),
    ...stayTerminated("ephemeralContainerStatuses", next, previous, "Never"),
  ];
}

const LISTS = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"] as const;
type StatusList = (typeof LISTS)[number];

function stayTerminated(
  list: StatusList,
  next: Pod,
  previous: Pod,
  restartPolicy: string,
  exempt: readonly string[] = [],
): FieldError[] {
  if (restartPolicy === "Always") return [];
  const now = next.status?.[list] ?? [];
  return (previous.status?.[list] ?? []).flatMap((old, index) => {
    const ended = old.state?.terminated;
    if (ended === undefined || exempt.includes(old.name)) return [];
    if (ended.exitCode !== 0 && restartPolicy === "OnFailure") return [];
    const runs = now.some((one) => one.name === old.name && one.state?.terminated === undefined);
    const why = "may not be transitioned to non-terminated state";
    return runs ? [forbidden(`status.${list}[${index}].state`, why)] : [];
  });
}

function validateClaimStatuses({ spec, status }: Pod, path: string): FieldError[] {
  const known = new Set((spec.resourceClaims ?? []).map((claim) => claim.name));
  const seen = new Set<string>();
  return (status?.resourceClaimStatuses ?? []).flatMap(({ name, resourceClaimName: claim }, index) => {
    const at = `${path}[${index}].name`;
    const errors: FieldError[] = [];
    if (!known.has(name))
      errors.push(invalid(at, name, "must match the name of an entry in `spec.resourceClaims`"));
    if (seen.has(name)) errors.push(duplicate(at, name));
    seen.add(name);
    if (claim !== undefined) errors.push(...invalidEach(at, claim, isDns1123Subdomain(claim)));
    return errors;
  });
}

type IpList = readonly { ip: string }[] | undefined;

/** One address, or one of each family; those that were there before are not looked at again. */
function validateIps(path: string, now: IpList, before: IpList): FieldError[] {
  const ips = (now ?? []).map((one) => one.ip);
  const known = (before ?? []).map((one) => one.ip);
  const errors = ips.flatMap((ip, index) => validateIp(`${path}[${index}]`, ip, known));
  if (ips.length < 2 || (ips.length === 2 && isDualStack(ips))) return errors;
  return [...errors, invalid(path, now, "may specify no more than one IP for each IP family")];
}

function validateHostIps(now: PodStatus, before: PodStatus): FieldError[] {
  const first = now.hostIPs?.[0]?.ip;
  if (first === undefined) return [];
  const errors = validateIps("status.hostIPs", now.hostIPs, before.hostIPs);
  if (first === now.hostIP) return errors;
  return [invalid("status.hostIPs[0].ip", first, "must be equal to `hostIP`"), ...errors];
}

function validateContainerStatuses({ spec, status }: Pod, list: StatusList): FieldError[] {
  return (status?.[list] ?? []).flatMap((one, index) => {
    const at = `status.${list}[${index}]`;
    return [...validateUser(one, spec.os?.name, `${at}.user.linux`), ...validateAllocated(one, list, at)];
  });
}

function validateUser({ user }: ContainerStatus, os: string | undefined, path: string): FieldError[] {
  if (user?.linux === undefined) return [];
  if (os === "windows") return [forbidden(path, "cannot be set for a windows pod")];
  const { uid, gid, supplementalGroups = [] } = user.linux;
  return [
    ...validateId(uid, `${path}.uid`),
    ...validateId(gid, `${path}.gid`),
    ...supplementalGroups.flatMap((id, index) => validateId(id, `${path}.supplementalGroups[${index}]`)),
  ];
}

const HEALTHS = ["Healthy", "Unhealthy", "Unknown"];

function validateAllocated(
  { allocatedResourcesStatus: list = [] }: ContainerStatus,
  kind: StatusList,
  path: string,
): FieldError[] {
  const at = `${path}.allocatedResourcesStatus`;
  if (kind === "ephemeralContainerStatuses")
    return list.length === 0 ? [] : [forbidden(at, "must not be specified in container status")];
  return list.flatMap((one: ResourceStatus, index) =>
    (one.resources ?? []).flatMap(({ health }, resource) =>
      health === undefined || HEALTHS.includes(health)
        ? []
        : [notSupported(`${at}[${index}].resources[${resource}].health`, health, HEALTHS)],
    ),
  );
}
