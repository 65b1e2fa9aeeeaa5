import { caseRows } from "./cases.ts";
import type { DamageReport } from "./damage.ts";
import type { FaultName } from "./faults/index.ts";
import type { RestartReport } from "./restart-time.ts";
import { isVoid, type ScenarioReport } from "./scenario.ts";
import type { SweepReport } from "./sweep/index.ts";

export interface FaultSummary {
  fault: FaultName;
  runs: number;
  /** Runs with so little load that they prove nothing. */
  voidRuns: number;
  operations: number;
  unknownOperations: number;
  /** The least of all runs, while no fault was active. */
  operationsPerSecond: number;
  watches: number;
  events: number;
  leases: number;
  snapshots: number;
  restarts: number;
  slowestStartMs: number;
  counts: Record<string, number>;
  violations: number;
}

export interface FullReport {
  beganAt: string;
  endedAt: string;
  minutes: number;
  machine: string;
  firstSeed: number;
  scenarioSeconds: number;
  skipped: { fault: string; why: string }[];
  knownBad: { name: string; found: boolean; properties: string[] }[];
  faults: FaultSummary[];
  sweep: SweepReport;
  restart: RestartReport;
  damage: DamageReport["outcomes"] & { cases: number };
  violations: { fault: string; seed: number; property: string; message: string }[];
}

export interface Measured {
  beganAt: Date;
  machine: string;
  firstSeed: number;
  scenarioMs: number;
  skipped: FullReport["skipped"];
  caught: FullReport["knownBad"];
  runs: ScenarioReport[];
  damages: DamageReport[];
  sweeps: SweepReport[];
  restart: RestartReport;
}

export function summarize(measured: Measured): FullReport {
  const { beganAt, machine, firstSeed, scenarioMs, skipped, caught, runs, damages, sweeps, restart } =
    measured;
  const endedAt = new Date();
  const names = [...new Set(runs.map((run) => run.fault))];
  const damage = { refused: 0, reported: 0, unharmed: 0, died: 0, hung: 0, silent: 0, cases: 0 };
  for (const { outcomes, cases } of damages) {
    damage.cases += cases;
    for (const [outcome, count] of Object.entries(outcomes)) damage[outcome as keyof typeof damage] += count;
  }
  return {
    beganAt: beganAt.toISOString(),
    endedAt: endedAt.toISOString(),
    minutes: Math.round((endedAt.getTime() - beganAt.getTime()) / 6000) / 10,
    machine,
    firstSeed,
    scenarioSeconds: Math.round(scenarioMs / 100) / 10,
    skipped,
    knownBad: caught,
    faults: names.map((name) =>
      summarizeFault(
        name,
        runs.filter((run) => run.fault === name),
      ),
    ),
    sweep: sumSweeps(sweeps),
    restart,
    damage,
    violations: runs.flatMap(({ fault, seed, violations }) =>
      violations.map((one) => ({ fault, seed, ...one })),
    ),
  };
}

function sumSweeps(sweeps: readonly SweepReport[]): SweepReport {
  const sum: SweepReport = { calls: {}, slowestRestartMs: 0, violations: [] };
  for (const { calls, slowestRestartMs, violations } of sweeps) {
    sum.slowestRestartMs = Math.max(sum.slowestRestartMs, slowestRestartMs);
    sum.violations.push(...violations);
    for (const [call, { points, tried, killed }] of Object.entries(calls)) {
      const one = sum.calls[call] ?? { points: 0, tried: 0, killed: 0 };
      sum.calls[call] = {
        points: Math.max(one.points, points),
        tried: one.tried + tried,
        killed: one.killed + killed,
      };
    }
  }
  return sum;
}

function summarizeFault(fault: FaultName, runs: readonly ScenarioReport[]): FaultSummary {
  const sum = (value: (run: ScenarioReport) => number) => runs.reduce((total, run) => total + value(run), 0);
  const counts: Record<string, number> = {};
  for (const run of runs) {
    for (const [what, count] of Object.entries(run.counts)) counts[what] = (counts[what] ?? 0) + count;
  }
  return {
    fault,
    runs: runs.length,
    voidRuns: runs.filter(isVoid).length,
    operations: sum((run) => run.operations),
    unknownOperations: sum((run) => run.unknownOperations),
    operationsPerSecond: Math.min(...runs.map((run) => run.operationsPerSecond)),
    watches: sum((run) => run.watches),
    events: sum((run) => run.events),
    leases: sum((run) => run.leases),
    snapshots: sum((run) => run.snapshots),
    restarts: sum((run) => run.restarts),
    slowestStartMs: Math.max(...runs.map((run) => run.slowestStartMs)),
    counts,
    violations: sum((run) => run.violations.length),
  };
}

export function toMarkdown(report: FullReport): string {
  const { damage, sweep } = report;
  const violations = report.violations.length + sweep.violations.length;
  return `# The store's robustness run of ${report.endedAt.slice(0, 10)}

Made by \`node scripts/robustness.mjs\`; the same figures as JSON are in \`store-robustness.json\`. The properties that are
checked, and how, stand in \`test/robustness/validators\`.

- ${report.minutes} minutes on ${report.machine}; each scenario ${report.scenarioSeconds} s, seeds from ${report.firstSeed} on
- ${violations === 0 ? "No violation" : `**${violations} violations**`}

${table(["case", "what is injected", "bar", "result"], caseRows(report))}
## Faults under load

${table(
  [
    "fault",
    "runs",
    "operations",
    "unknown",
    "a second, at least",
    "watches",
    "batches",
    "leases",
    "snapshots",
    "restarts",
    "slowest start",
    "violations",
    "what was done",
  ],
  report.faults.map((one) => [
    one.fault,
    one.runs,
    one.operations,
    one.unknownOperations,
    one.operationsPerSecond,
    one.watches,
    one.events,
    one.leases,
    one.snapshots,
    one.restarts,
    `${one.slowestStartMs} ms`,
    one.violations,
    Object.entries(one.counts)
      .map(([what, count]) => `${what}: ${count}`)
      .join("; "),
  ]),
)}
"Unknown" are operations whose answer never came; each of them happened once or not at all. "Slowest start" is from the start of the process to
the first answer. "A second, at least" is the load of the weakest run while no fault was active: ${report.faults.reduce((total, one) => total + one.voidRuns, 0)} runs had too little to prove anything.

## Killed at system calls

${table(
  ["call", "points", "tried", "killed"],
  Object.entries(sweep.calls).map(([call, { points, tried, killed }]) => [call, points, tried, killed]),
)}
A point is the nth call of its kind in the run of \`test/robustness/sweep/steps.ts\`. After each kill the store was opened (in
${sweep.slowestRestartMs} ms at most), checked, and held against the states that the acknowledged steps allow.

## Damaged files

${damage.cases} files with a flipped bit, a zeroed or torn page, swapped pages, or cut off: ${damage.refused} were refused,
${damage.reported} reported by \`check\` or by the reads, ${damage.unharmed} unharmed (nothing that counts was hit), ${damage.died} ended the process,
${damage.hung} hung, ${damage.silent} served wrong data.

## Known-bad stores

${table(
  ["fault that was built in", "found", "by"],
  report.knownBad.map(({ name, found, properties }) => [
    name,
    found ? "yes" : "**no**",
    properties.join(", "),
  ]),
)}${section(
  "Not done on this machine",
  report.skipped.map(({ fault, why }) => `${fault}: ${why}`),
)}${section(
  "Violations",
  [
    ...report.sweep.violations.map((one) => ({ fault: "sweep", seed: one.point, ...one })),
    ...report.violations,
  ].map(
    ({ fault, seed, property, message }) => `${fault}, seed ${seed}: ${property}: ${message.split("\n")[0]}`,
  ),
)}`;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |\n`;
  return line(head) + line(head.map(() => "---")) + rows.map(line).join("");
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `\n## ${title}\n\n${lines.map((text) => `- ${text}\n`).join("")}`;
}
