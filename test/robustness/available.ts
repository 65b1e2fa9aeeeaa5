import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { hasEtcd } from "../../src/store/etcd/etcd-process.test-support.ts";
import { type Fault, type FaultName, faults } from "./faults/index.ts";
import { knownBad } from "./known-bad/index.ts";

export const hasStrace = spawnSync("strace", ["--version"]).status === 0;
const hasLoopDisks = process.getuid?.() === 0 && existsSync("/dev/loop-control");

/** Why a fault cannot be done on this machine; undefined where it can. */
export function missingFor(name: FaultName): string | undefined {
  const { needs } = faults[name];
  if (needs === "strace" && !hasStrace) return "strace is not installed";
  if (needs === "root" && !hasLoopDisks) return "it needs root and loop devices";
  if (needs === "etcd" && !hasEtcd) return "etcd-server is not installed";
  return undefined;
}

/** The same for every commit's tests, which have no time for all. */
export function missingForCommit(name: FaultName): string | undefined {
  const { onlyInLongRun }: Fault = faults[name];
  return missingFor(name) ?? (onlyInLongRun ? "only in the long run" : undefined);
}

export function missingForKnownBad(name: string): string | undefined {
  const { inject, fault = "none" } = knownBad[name]!;
  if (inject && !hasStrace) return "strace is not installed";
  return missingFor(fault);
}

export function missingForCommitKnownBad(name: string): string | undefined {
  return missingForKnownBad(name) ?? (knownBad[name]!.onlyInLongRun ? "only in the long run" : undefined);
}

export const faultNames = Object.keys(faults) as FaultName[];
