import type { OciSeccomp, OciSyscallRule } from "../oci-spec.ts";

interface ProfileFilter {
  caps?: string[] | null;
  arches?: string[] | null;
  minKernel?: string;
}

interface ProfileRule {
  name?: string;
  names?: string[] | null;
  action: string;
  errnoRet?: number;
  args?: OciSyscallRule["args"] | null;
  includes?: ProfileFilter | null;
  excludes?: ProfileFilter | null;
}

/** Docker's form of a seccomp profile: OCI's, with conditions. */
export interface SeccompProfile {
  defaultAction: string;
  defaultErrnoRet?: number;
  architectures?: string[] | null;
  archMap?: { architecture: string; subArchitectures?: string[] | null }[] | null;
  flags?: string[] | null;
  syscalls?: ProfileRule[] | null;
}

/** What the conditions of a profile are held against. */
export interface SeccompSubject {
  capabilities: readonly string[];
  /** Node's name: `x64`, `arm64`. */
  architecture: string;
  /** `6.1.0-13-amd64` */
  kernelVersion: string;
}

const GO_ARCHITECTURE: Record<string, string> = { x64: "amd64", arm64: "arm64" };
const LIBSECCOMP_ARCHITECTURE: Record<string, string> = {
  x64: "SCMP_ARCH_X86_64",
  arm64: "SCMP_ARCH_AARCH64",
};

/** A profile that somebody brought along, with its conditions decided for this container. */
export function resolveSeccomp(profile: SeccompProfile, subject: SeccompSubject): OciSeccomp {
  return {
    defaultAction: profile.defaultAction,
    defaultErrnoRet: profile.defaultErrnoRet,
    architectures: architecturesOf(profile, subject),
    flags: profile.flags ?? undefined,
    syscalls: (profile.syscalls ?? []).filter((rule) => applies(rule, subject)).map(toRule),
  };
}

function architecturesOf(profile: SeccompProfile, subject: SeccompSubject): string[] {
  if (profile.architectures?.length) return profile.architectures;
  const own = LIBSECCOMP_ARCHITECTURE[subject.architecture];
  const entry = profile.archMap?.find((candidate) => candidate.architecture === own);
  return entry ? [entry.architecture, ...(entry.subArchitectures ?? [])] : [];
}

function applies({ includes, excludes }: ProfileRule, subject: SeccompSubject): boolean {
  const architecture = GO_ARCHITECTURE[subject.architecture] ?? subject.architecture;
  const has = (capability: string) => subject.capabilities.includes(capability);
  if (includes?.arches?.length && !includes.arches.includes(architecture)) return false;
  if (excludes?.arches?.includes(architecture)) return false;
  if (includes?.caps?.length && !includes.caps.every(has)) return false;
  if (excludes?.caps?.some(has)) return false;
  if (includes?.minKernel && !isAtLeast(subject.kernelVersion, includes.minKernel)) return false;
  return !(excludes?.minKernel && isAtLeast(subject.kernelVersion, excludes.minKernel));
}

function isAtLeast(version: string, wanted: string): boolean {
  const parts = (text: string) => text.split(/[.-]/, 2).map((part) => Number.parseInt(part, 10) || 0);
  const [major = 0, minor = 0] = parts(version);
  const [wantedMajor = 0, wantedMinor = 0] = parts(wanted);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function toRule(rule: ProfileRule): OciSyscallRule {
  return {
    names: rule.names?.length ? rule.names : rule.name ? [rule.name] : [],
    action: rule.action,
    errnoRet: rule.errnoRet,
    args: rule.args?.length ? rule.args : undefined,
  };
}
