import { invalidArgument } from "../../base/index.ts";

/** Every capability of Linux 6.x, in the kernel's order (linux/capability.h). */
export const ALL_CAPABILITIES: readonly string[] = (
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE " +
  "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN " +
  "SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE " +
  "MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
)
  .split(" ")
  .map((name) => `CAP_${name}`);

/** What a container gets that asks for nothing (Docker's default set). */
export const DEFAULT_CAPABILITIES: readonly string[] =
  "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE"
    .split(" ")
    .map((name) => `CAP_${name}`);

function normalise(name: string): string {
  const upper = name.toUpperCase();
  if (upper === "ALL" || upper === "CAP_ALL") return "ALL";
  const full = upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
  if (!ALL_CAPABILITIES.includes(full)) {
    throw invalidArgument(`invalid capability: ${JSON.stringify(name)}`, {
      code: "Runtime.UnknownCapability",
    });
  }
  return full;
}

/**
 * The set that remains of the default after `add` and `drop` (names with or without `CAP_`, or `ALL`). Dropping wins over
 * adding, except that `drop: ALL` leaves what is added by name.
 */
export function effectiveCapabilities(options: {
  privileged?: boolean;
  add?: readonly string[] | null;
  drop?: readonly string[] | null;
}): string[] {
  const add = (options.add ?? []).map(normalise);
  const drop = (options.drop ?? []).map(normalise);
  if (options.privileged) return [...ALL_CAPABILITIES];
  let base: readonly string[];
  if (add.includes("ALL")) base = ALL_CAPABILITIES;
  else if (drop.includes("ALL")) base = [];
  else base = DEFAULT_CAPABILITIES;
  const dropped = new Set(drop.filter((name) => name !== "ALL"));
  const result = base.filter((name) => !dropped.has(name));
  for (const name of add) {
    if (name !== "ALL" && !dropped.has(name) && !result.includes(name)) result.push(name);
  }
  return result;
}

/** Those that the program itself holds: a runtime refuses to grant others. `mask` is CapBnd of /proc/self/status. */
export function heldCapabilities(names: readonly string[], mask: bigint): string[] {
  return names.filter((name) => (mask >> BigInt(ALL_CAPABILITIES.indexOf(name))) & 1n);
}
