import type { FaultName } from "./faults/index.ts";
import type { FaultSummary, FullReport } from "./report.ts";

// The cases of the reliability plan that this harness answers for, each with what a run says of it.

interface Case {
  number: string;
  injected: string;
  bar: string;
  result(report: FullReport): string;
}

const cases: readonly Case[] = [
  {
    number: "1",
    injected:
      "SIGKILL at each call that changes the disk, over create, update, delete, compact, snapshot, lease, defragment",
    bar: "nothing acknowledged lost, nothing deleted back, `check` clean, open in 2 s",
    result: ({ sweep, ...report }) => {
      const all = Object.values(sweep.calls);
      const [points, tried, killed] = (["points", "tried", "killed"] as const).map((name) =>
        all.reduce((sum, one) => sum + one[name], 0),
      );
      return `${tried} of ${points} points tried, killed at ${killed}: ${sweep.violations.length} violations, slowest restart ${sweep.slowestRestartMs} ms; under load ${ofFaults(report, ["kill", "kill-at-call", "defragment"])}`;
    },
  },
  {
    number: "1",
    injected: "SIGKILL under load with a large store",
    bar: "serves again within 2 s",
    result: ({ restart }) =>
      `${Math.round(restart.sizeBytes / 2 ** 20)} MiB: ${Math.max(...restart.startsMs)} ms at most, the start of the process included; ${restart.problems.length} problems`,
  },
  {
    number: "2",
    injected: "power cuts on ext4 with commit=1, 5 and 1000",
    bar: "as case 1",
    result: (report) => ofFaults(report, ["power-cut", "snapshot"]),
  },
  {
    number: "3",
    injected: "EIO from fdatasync, pwrite64, writev",
    bar: "read-only with an error that says so, reads go on, whole after a restart",
    result: (report) => ofFaults(report, ["sync-error"]),
  },
  {
    number: "4",
    injected: "a full disk; ENOSPC from calls",
    bar: "reads and deletes go on, writes come back without a restart",
    result: (report) => ofFaults(report, ["disk-full", "no-space-calls"]),
  },
  {
    number: "5",
    injected: "flipped bits, zeroed, torn and swapped pages, files cut off",
    bar: "never wrong data, never a dead process",
    result: ({ damage: { cases: count, refused, reported, unharmed, silent, died, hung } }) =>
      `${count} files: ${refused} refused, ${reported} reported, ${unharmed} unharmed; wrong data ${silent}, died ${died}, hung ${hung}`,
  },
  {
    number: "6",
    injected: "every fault, with watches that lag, look back and reconnect",
    bar: "each watch ordered, unique, atomic, gapless, resumable, with right bookmarks, filter and previous values",
    result: ({ faults, violations }) =>
      `${total(faults, "watches")} watches, ${total(faults, "events")} batches: ${violations.filter(({ property }) => property.startsWith("watch")).length} violations`,
  },
  {
    number: "7",
    injected: "every fault, with 6 clients' guarded transactions, reads and lists",
    bar: "strictly serializable; at least 100 operations a second (50 under strace), or the run is void",
    result: ({ faults, violations }) =>
      `${total(faults, "operations")} operations and ${total(faults, "unknownOperations")} of unknown outcome: ${violations.filter(({ property }) => !property.startsWith("watch")).length} violations; ${total(faults, "voidRuns")} void runs of ${total(faults, "runs")}`,
  },
  {
    number: "29",
    injected: "SIGSTOP up to 20 s",
    bar: "reads not stale afterwards; leases that could not be renewed end, no other",
    result: (report) => ofFaults(report, ["stop", "long-stop"]),
  },
  {
    number: "30",
    injected: "the wall clock jumps by an hour to and fro, and drifts",
    bar: "no lease ends early or late, history is kept as long as it should",
    result: (report) => ofFaults(report, ["clock"]),
  },
  {
    number: "45",
    injected:
      "etcd's members killed and stopped, its leader moved, compaction by somebody else, 500 ms latency, no space",
    bar: "watches go on or are told that they must list anew; nothing written twice",
    result: (report) =>
      ofFaults(report, [
        "etcd-kill",
        "etcd-pause",
        "etcd-leader",
        "etcd-compact",
        "etcd-latency",
        "etcd-nospace",
      ]),
  },
  {
    number: "46",
    injected: "data directories of every format, a newer one, unknown tables",
    bar: "read fully, refused untouched, kept",
    result: () => "`test/robustness/golden.test.ts`, with each commit",
  },
];

export function caseRows(report: FullReport): string[][] {
  return cases.map(({ number, injected, bar, result }) => [number, injected, bar, result(report)]);
}

function total(
  faults: readonly FaultSummary[],
  name: "runs" | "voidRuns" | "operations" | "unknownOperations" | "watches" | "events",
): number {
  return faults.reduce((sum, one) => sum + one[name], 0);
}

function ofFaults({ faults }: Pick<FullReport, "faults">, names: readonly FaultName[]): string {
  const done = faults.filter(({ fault }) => names.includes(fault));
  if (done.length === 0) return "not run";
  const violations = done.reduce((sum, one) => sum + one.violations, 0);
  const counts = new Map<string, number>();
  for (const [name, count] of done.flatMap((one) => Object.entries(one.counts)))
    counts.set(name, (counts.get(name) ?? 0) + count);
  const what = [...counts].map(([name, count]) => `${count} ${name}`);
  return `${total(done, "runs")} runs, ${what.join(", ")}: ${violations} violations`;
}
