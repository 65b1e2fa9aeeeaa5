import type { OciSeccomp, OciSyscallRule } from "../oci-spec.ts";
import { DEFAULT_SYSCALLS, type SyscallGroup } from "./seccomp-profile.ts";

const EPERM = 1;
const ENOSYS = 38;

const ARCHITECTURES: Record<string, string[]> = {
  x64: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  arm64: ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
};

const cache = new Map<string, OciSeccomp>();

/** The default profile for a process with these capabilities. The same set gives the same (shared, frozen) object. */
export function defaultSeccomp(capabilities: readonly string[], architecture: string): OciSeccomp {
  const key = `${architecture} ${[...capabilities].sort().join(" ")}`;
  let profile = cache.get(key);
  if (!profile) {
    profile = build(new Set(capabilities), architecture);
    cache.set(key, Object.freeze(profile));
  }
  return profile;
}

function build(capabilities: ReadonlySet<string>, architecture: string): OciSeccomp {
  const applies = (group: SyscallGroup): boolean =>
    (group.capability === undefined || capabilities.has(group.capability)) &&
    (group.withoutCapability === undefined || !capabilities.has(group.withoutCapability)) &&
    (group.architectures === undefined || group.architectures.includes(architecture));
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: EPERM,
    architectures: ARCHITECTURES[architecture] ?? [],
    syscalls: DEFAULT_SYSCALLS.filter(applies).map(toRule),
  };
}

function toRule(group: SyscallGroup): OciSyscallRule {
  const rule: OciSyscallRule = {
    names: group.names.split(/\s+/).filter(Boolean),
    action: group.action === "enosys" ? "SCMP_ACT_ERRNO" : "SCMP_ACT_ALLOW",
  };
  if (group.action === "enosys") rule.errnoRet = ENOSYS;
  if (group.args) rule.args = group.args;
  return rule;
}
