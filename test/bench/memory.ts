import { readdirSync, readFileSync } from "node:fs";
import type { TestPlatform } from "../support/platform.ts";

const CONTAINERS = 20;

export interface MemoryReport {
  idlePlatformMb: number;
  /** What each running container costs beside its own processes: the monitor and the growth of the program. */
  perContainerMb: number;
  containers: number;
}

function pssMb(pid: number | string): number {
  const match = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"));
  return Number(match![1]) / 1024;
}

/** Proportional set size of the idle program, and of what a container adds. */
export async function benchMemory(platform: TestPlatform): Promise<MemoryReport> {
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const idle = pssMb(platform.status.pid);
  for (let index = 0; index < CONTAINERS; index++)
    await platform.docker("run", "-d", "--name", `mem-${index}`, "busybox", "sleep", "1000");
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const after = pssMb(platform.status.pid);
  let monitors = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      if (command.includes("conmon") && command.includes(platform.home)) monitors += pssMb(pid);
    } catch {
      // It has ended meanwhile.
    }
  }
  for (let index = 0; index < CONTAINERS; index++) await platform.docker("rm", "-f", `mem-${index}`);
  const round = (value: number) => Math.round(value * 100) / 100;
  return {
    idlePlatformMb: round(idle),
    perContainerMb: round((monitors + Math.max(0, after - idle)) / CONTAINERS),
    containers: CONTAINERS,
  };
}
