import { diskFull, powerCut, snapshot } from "./disk.ts";
import { etcdCompact, etcdKill, etcdLatency, etcdLeader, etcdNone, etcdNoSpace, etcdPause } from "./etcd.ts";
import type { Fault } from "./fault.ts";
import { clock, defragment, kill, longStop, none, stop } from "./process.ts";
import { killAtCall, noSpaceCalls, syncError } from "./system-calls.ts";

export type { Fault, FaultContext } from "./fault.ts";

export const faults = {
  none,
  kill,
  "kill-at-call": killAtCall,
  "sync-error": syncError,
  "no-space-calls": noSpaceCalls,
  "disk-full": diskFull,
  stop,
  "long-stop": longStop,
  clock,
  "power-cut": powerCut,
  snapshot,
  defragment,
  "etcd-none": etcdNone,
  "etcd-kill": etcdKill,
  "etcd-pause": etcdPause,
  "etcd-leader": etcdLeader,
  "etcd-latency": etcdLatency,
  "etcd-compact": etcdCompact,
  "etcd-nospace": etcdNoSpace,
} satisfies Record<string, Fault>;
export type FaultName = keyof typeof faults;
