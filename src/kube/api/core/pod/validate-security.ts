import { isInRange } from "../../../../formats/index.ts";
import { duplicate, forbidden, invalid, invalidEach, optionalOneOf, required } from "../../field-error.ts";
import type { PodSecurityContext, PodSpec, SecurityContext } from "../../generated/types.ts";
import type { FieldError } from "../../types.ts";
import { clusterCapabilities } from "./capabilities.ts";
import { validateAppArmorProfile, validateSeccompProfile } from "./validate-profiles.ts";
import { validateWindowsOptions } from "./validate-windows.ts";

/** User and group ids. */
const MAX_ID = 2 ** 31 - 1;

export function validateId(id: number | undefined, path: string): FieldError[] {
  return id === undefined ? [] : invalidEach(path, id, isInRange(id, 0, MAX_ID));
}

/** `hasHostUsers`: the pod shares the host's user namespace, as all do that do not say otherwise. */
export function validateSecurityContext(
  context: SecurityContext | undefined,
  path: string,
  hasHostUsers: boolean,
): FieldError[] {
  if (context === undefined) return [];
  return [
    ...validatePrivileged(context, `${path}.privileged`),
    ...validateId(context.runAsUser, `${path}.runAsUser`),
    ...validateId(context.runAsGroup, `${path}.runAsGroup`),
    ...validateProcMount(context.procMount, `${path}.procMount`, hasHostUsers),
    ...validateSeccompProfile(context.seccompProfile, `${path}.seccompProfile`),
    ...validateEscalation(context, path),
    ...validateWindowsOptions(context.windowsOptions, `${path}.windowsOptions`),
    ...validateAppArmorProfile(context.appArmorProfile, `${path}.appArmorProfile`),
  ];
}

function validatePrivileged({ privileged }: SecurityContext, path: string): FieldError[] {
  if (!privileged || clusterCapabilities().allowsPrivileged) return [];
  return [forbidden(path, "disallowed by cluster policy")];
}

function validateProcMount(mount: string | undefined, path: string, hasHostUsers: boolean): FieldError[] {
  const errors = optionalOneOf(path, mount, ["Default", "Unmasked"]);
  if (hasHostUsers && mount === "Unmasked")
    errors.push(invalid(path, mount, "`hostUsers` must be false to use `Unmasked`"));
  return errors;
}

function validateEscalation(context: SecurityContext, path: string): FieldError[] {
  if (context.allowPrivilegeEscalation !== false) return [];
  const why = "cannot set `allowPrivilegeEscalation` to false and ";
  const errors = context.privileged ? [invalid(path, context, `${why}\`privileged\` to true`)] : [];
  for (const capability of context.capabilities?.add ?? []) {
    if (capability === "CAP_SYS_ADMIN")
      errors.push(invalid(path, context, `${why}\`capabilities.Add\` CAP_SYS_ADMIN`));
  }
  return errors;
}

export function validatePodSecurityContext(spec: PodSpec, path: string): FieldError[] {
  const context: PodSecurityContext = spec.securityContext ?? {};
  return [
    ...validateId(context.fsGroup, `${path}.fsGroup`),
    ...validateId(context.runAsUser, `${path}.runAsUser`),
    ...validateId(context.runAsGroup, `${path}.runAsGroup`),
    ...(context.supplementalGroups ?? []).flatMap((id, index) =>
      validateId(id, `${path}.supplementalGroups[${index}]`),
    ),
    ...validateSharedProcesses(spec, `${path}.shareProcessNamespace`),
    ...validateSysctls(spec, `${path}.sysctls`),
    ...optionalOneOf(`${path}.fsGroupChangePolicy`, context.fsGroupChangePolicy, [
      "Always",
      "OnRootMismatch",
    ]),
    ...validateSeccompProfile(context.seccompProfile, `${path}.seccompProfile`),
    ...validateWindowsOptions(context.windowsOptions, `${path}.windowsOptions`),
    ...validateAppArmorProfile(context.appArmorProfile, `${path}.appArmorProfile`),
    ...optionalOneOf(`${path}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, [
      "Merge",
      "Strict",
    ]),
    // MountOption belongs to a feature that is off by default (SELinuxMount).
    ...optionalOneOf(`${path}.seLinuxChangePolicy`, context.seLinuxChangePolicy, ["Recursive"]),
  ];
}

function validateSharedProcesses({ shareProcessNamespace, hostPID }: PodSpec, path: string): FieldError[] {
  if (!shareProcessNamespace || !hostPID) return [];
  return [invalid(path, shareProcessNamespace, "ShareProcessNamespace and HostPID cannot both be enabled")];
}

const SYSCTL_TEXT = "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
const SYSCTL = new RegExp(SYSCTL_TEXT);
const MAX_SYSCTL = 253;

function validateSysctls(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  spec.securityContext?.sysctls?.forEach(({ name }, index) => {
    const at = `${path}[${index}].name`;
    if (!name) errors.push(required(at));
    else if (name.length > MAX_SYSCTL || !SYSCTL.test(name)) {
      errors.push(
        invalid(at, name, `must have at most ${MAX_SYSCTL} characters and match regex ${SYSCTL_TEXT}`),
      );
    } else if (seen.has(name)) errors.push(duplicate(at, name));
    errors.push(...validateHostSysctl(name, spec, at));
    seen.add(name);
  });
  return errors;
}

/** Sysctls of the IPC namespace; those of the others are known by their prefix. */
const IPC_SYSCTLS = new Set([
  "kernel.msg",
  "kernel.msgmax",
  "kernel.msgmnb",
  "kernel.msgmni",
  "kernel.sem",
  "kernel.shm",
  "kernel.shm_rmid_forced",
  "kernel.shmall",
  "kernel.shmmax",
  "kernel.shmmni",
]);

/** A sysctl of a namespace that the pod shares with the host would change the host's. */
function validateHostSysctl(name: string, spec: PodSpec, path: string): FieldError[] {
  const dotted = separatedByDots(name);
  if (spec.hostNetwork && dotted.startsWith("net."))
    return [invalid(path, name, "may not be specified when 'hostNetwork' is true")];
  const isIpc = IPC_SYSCTLS.has(dotted) || dotted.startsWith("fs.mqueue.");
  return spec.hostIPC && isIpc ? [invalid(path, name, "may not be specified when 'hostIPC' is true")] : [];
}

/** `net/ipv4/conf/eth0.1/x` and `net.ipv4.conf.eth0/1.x` are the same: the first separator tells which is which. */
function separatedByDots(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  return first === "/" ? name.replace(/[./]/g, (char) => (char === "/" ? "." : "/")) : name;
}

/** `hostUsers: false` isolates; the host's namespaces would undo it. Upstream spells the fields in two ways. */
export function validateHostUsers(spec: PodSpec, path: string): FieldError[] {
  if (spec.hostUsers !== false) return [];
  const fields = { hostNetwork: "hostNetwork", hostPID: "HostPID", hostIPC: "HostIPC" } as const;
  return (["hostNetwork", "hostPID", "hostIPC"] as const)
    .filter((field) => spec[field])
    .map((field) => forbidden(`${path}.${fields[field]}`, "when `pod.Spec.HostUsers` is false"));
}
