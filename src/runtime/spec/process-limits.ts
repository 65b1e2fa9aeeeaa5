import { readFileSync } from "node:fs";
import type { OciRlimit } from "../oci-spec.ts";

/** What this process holds and therefore may pass on. */
export interface HeldLimits {
  /** Hard limits by OCI name (`RLIMIT_NOFILE`); Infinity for none. */
  hard: ReadonlyMap<string, number>;
  mayRaise: boolean;
  oomScoreAdj: number;
  /** CapBnd and CapPrm together, as bits. */
  capabilities: bigint;
}

const CAP_SYS_RESOURCE = 24n;

/** Row names of /proc/self/limits. */
const ROWS: Record<string, string> = {
  "Max cpu time": "RLIMIT_CPU",
  "Max file size": "RLIMIT_FSIZE",
  "Max data size": "RLIMIT_DATA",
  "Max stack size": "RLIMIT_STACK",
  "Max core file size": "RLIMIT_CORE",
  "Max resident set": "RLIMIT_RSS",
  "Max processes": "RLIMIT_NPROC",
  "Max open files": "RLIMIT_NOFILE",
  "Max locked memory": "RLIMIT_MEMLOCK",
  "Max address space": "RLIMIT_AS",
  "Max file locks": "RLIMIT_LOCKS",
  "Max pending signals": "RLIMIT_SIGPENDING",
  "Max msgqueue size": "RLIMIT_MSGQUEUE",
  "Max nice priority": "RLIMIT_NICE",
  "Max realtime priority": "RLIMIT_RTPRIO",
  "Max realtime timeout": "RLIMIT_RTTIME",
};

export const RLIMIT_NAMES: ReadonlySet<string> = new Set(Object.values(ROWS));

export function readHeldLimits(): HeldLimits {
  const hard = new Map<string, number>();
  for (const line of readFileSync("/proc/self/limits", "utf8").split("\n")) {
    const match = /^(.+?)\s{2,}(\S+)\s+(\S+)/.exec(line);
    const name = match && ROWS[match[1]!];
    if (name) hard.set(name, match[3] === "unlimited" ? Number.POSITIVE_INFINITY : Number(match[3]));
  }
  const status = readFileSync("/proc/self/status", "utf8");
  const bits = (field: string) =>
    BigInt(`0x${new RegExp(`^${field}:\\s*([0-9a-f]+)`, "m").exec(status)?.[1] ?? "0"}`);
  const capabilities = bits("CapBnd") & bits("CapPrm");
  return {
    hard,
    capabilities,
    mayRaise: ((bits("CapEff") >> CAP_SYS_RESOURCE) & 1n) === 1n,
    oomScoreAdj: Number(readFileSync("/proc/self/oom_score_adj", "utf8")),
  };
}

/**
 * Limits that can be set: without CAP_SYS_RESOURCE a hard limit cannot rise above what is held, so that it is lowered to
 * that. -1 means unlimited, Infinity in the answer. `onClamped` hears of each change.
 */
export function clampRlimits(
  limits: readonly OciRlimit[],
  held: HeldLimits,
  onClamped?: (type: string, asked: number, given: number) => void,
): OciRlimit[] {
  return limits.map((limit) => {
    const ceiling = held.mayRaise
      ? Number.POSITIVE_INFINITY
      : (held.hard.get(limit.type) ?? Number.POSITIVE_INFINITY);
    const asked = limit.hard < 0 ? Number.POSITIVE_INFINITY : limit.hard;
    const soft = limit.soft < 0 ? Number.POSITIVE_INFINITY : limit.soft;
    const hard = Math.min(asked, ceiling);
    if (hard < asked) onClamped?.(limit.type, limit.hard, hard);
    return { type: limit.type, hard, soft: Math.min(soft, hard) };
  });
}

/** Lowering the score below what is held needs CAP_SYS_RESOURCE. */
export function clampOomScoreAdj(wanted: number, held: HeldLimits): number {
  return held.mayRaise ? wanted : Math.max(wanted, held.oomScoreAdj);
}
