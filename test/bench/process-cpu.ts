import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const TICK_MICROS = 1_000_000 / Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** CPU time in µs that a process has taken so far, with all its threads, and the part of its main thread (proc(5), stat). */
export interface CpuTime {
  all: number;
  main: number;
}

export function cpuTimeOf(pid: number): CpuTime {
  return { all: microsIn(`/proc/${pid}/stat`), main: microsIn(`/proc/${pid}/task/${pid}/stat`) };
}

function microsIn(path: string): number {
  const text = readFileSync(path, "latin1");
  // The second field is a name that may hold anything; user and system time are the 14th and the 15th.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS;
}
