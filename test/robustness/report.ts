import type { DamageReport } from "./damage.ts";
import type { ScenarioReport } from "./scenario.ts";

interface FaultSummary {
  fault: string;
  runs: number;
  operations: number;
  unknownOperations: number;
  operationsPerSecond: number;
  watches: number;
  events: number;
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
  runs: readonly ScenarioReport[];
  damages: readonly DamageReport[];
}

export function summarize(measured: Measured): FullReport {
  const { beganAt, machine, firstSeed, scenarioMs, skipped, caught, runs, damages } = measured;
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
    scenarioSeconds: scenarioMs / 1000,
    skipped,
    knownBad: caught,
    faults: names.map((name) =>
      summarizeFault(
        name,
        runs.filter((run) => run.fault === name),
      ),
    ),
    damage,
    violations: runs.flatMap(({ fault, seed, violations }) =>
      violations.map((one) => ({ fault, seed, ...one })),
    ),
  };
}

function summarizeFault(fault: string, runs: readonly ScenarioReport[]): FaultSummary {
  const sum = (value: (run: ScenarioReport) => number) => runs.reduce((total, run) => total + value(run), 0);
  const counts: Record<string, number> = {};
  for (const run of runs) {
    for (const [what, count] of Object.entries(run.counts)) counts[what] = (counts[what] ?? 0) + count;
  }
  return {
    fault,
    runs: runs.length,
    operations: sum((run) => run.operations),
    unknownOperations: sum((run) => run.unknownOperations),
    operationsPerSecond: Math.round(sum((run) => run.operationsPerSecond) / runs.length),
    watches: sum((run) => run.watches),
    events: sum((run) => run.events),
    restarts: sum((run) => run.restarts),
    slowestStartMs: Math.max(...runs.map((run) => run.slowestStartMs)),
    counts,
    violations: sum((run) => run.violations.length),
  };
}

export function toMarkdown(report: FullReport): string {
  const { damage } = report;
  return `# The store's robustness run of ${report.endedAt.slice(0, 10)}

Made by \`node scripts/robustness.mjs\`; the same figures as JSON are in \`store-robustness.json\`. The properties that are
checked, and how, stand in \`test/robustness/validators\`.

- ${report.minutes} minutes on ${report.machine}; each scenario ${report.scenarioSeconds} s, seeds from ${report.firstSeed} on
- ${report.violations.length === 0 ? "No violation" : `**${report.violations.length} violations**`}

${table(
  [
    "fault",
    "runs",
    "operations",
    "unknown",
    "a second",
    "watches",
    "batches",
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
    one.restarts,
    `${one.slowestStartMs} ms`,
    one.violations,
    Object.entries(one.counts)
      .map(([what, count]) => `${what}: ${count}`)
      .join("; "),
  ]),
)}
"Unknown" are operations whose answer never came; each of them happened once or not at all. "Slowest start" is from the start of the process to
the first answer.

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
  report.violations.map(
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
