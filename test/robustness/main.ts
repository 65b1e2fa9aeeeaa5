import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { faultNames, hasStrace, missingFor, missingForKnownBad } from "./available.ts";
import { type DamageReport, damageStore } from "./damage.ts";
import type { FaultName } from "./faults/index.ts";
import { knownBad, knownBadRun } from "./known-bad/index.ts";
import { type FullReport, type Measured, summarize, toMarkdown } from "./report.ts";
import { measureRestart } from "./restart-time.ts";
import { isVoid, runScenario } from "./scenario.ts";
import { useScratch } from "./scratch.ts";
import { LONGEST_RESTART_MS, type SweepReport, sweep } from "./sweep/index.ts";

// The long run: known-bad stores, a large store's restarts, then in rounds all faults, part of the sweep and damaged files, with ever
// new seeds until the time is over; a report as JSON and Markdown. `--sweep` goes through the whole sweep first, and with
// `--minutes 0` through nothing else. `--fault NAME --seed N --seconds N` repeats one run and prints it; `--bad NAME` does it with a
// known-bad store.

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    seconds: { type: "string" },
    seed: { type: "string" },
    fault: { type: "string" },
    bad: { type: "string" },
    sweep: { type: "boolean", default: false },
    out: { type: "string", default: join(import.meta.dirname, "..", "..", "docs", "reliability") },
  },
});

const SWEEP_POINTS = 30;
const DAMAGED_FILES = 40;
const RESTART_MIB = 100;
const KNOWN_BAD_PATIENCE = 3;
const KNOWN_BAD_ATTEMPTS = 3;
/** The part of a round that the scenarios may take. */
const SCENARIOS_SHARE = 0.5;

const minutes = Number(values.minutes);
const scenarioMs = 1000 * Number(values.seconds ?? secondsFor(minutes));
const firstSeed = Number(values.seed ?? Math.floor(Math.random() * 1e9));
const say = (text: string) => process.stdout.write(`${text}\n`);

/** So that one round of all faults is done in the time there is. */
function secondsFor(runMinutes: number): number {
  return Math.min(15, Math.max(3, (runMinutes * 60 * SCENARIOS_SHARE) / faultNames.length));
}

async function runOne(fault: FaultName): Promise<boolean> {
  const bad = values.bad ? { bad: values.bad } : {};
  const report = await runScenario({ fault, seed: firstSeed, durationMs: scenarioMs, ...bad });
  say(JSON.stringify(report, null, 2));
  return report.violations.length === 0 && !isVoid(report);
}

async function runLong(): Promise<boolean> {
  const measured: Measured = {
    beganAt: new Date(),
    machine: machine(),
    firstSeed,
    scenarioMs,
    skipped: skipped(),
    caught: minutes > 0 ? await runKnownBad() : [],
    restart: await measureRestart(RESTART_MIB),
    sweeps: values.sweep && hasStrace ? [await sweepAndSay({})] : [],
    runs: [],
    damages: [],
  };
  say(`starts with ${RESTART_MIB} MiB: ${measured.restart.startsMs.join(", ")} ms`);
  const endMs = performance.now() + minutes * 60_000;
  for (let round = 0; performance.now() < endMs; round++) {
    await runFaults(measured, firstSeed + round, endMs);
    measured.damages.push(await damageAndSay(firstSeed + round));
    if (!values.sweep && hasStrace)
      measured.sweeps.push(await sweepAndSay({ atMost: SWEEP_POINTS, seed: firstSeed + round }));
    write(summarize(measured));
    say(`round ${round + 1} done`);
  }
  write(summarize(measured));
  return isGood(measured);
}

async function runFaults({ runs }: Measured, seed: number, endMs: number): Promise<void> {
  for (const fault of faultNames) {
    if (missingFor(fault) || performance.now() >= endMs) continue;
    const report = await runScenario({ fault, seed, durationMs: scenarioMs });
    runs.push(report);
    const { operations, operationsPerSecond, violations } = report;
    say(
      `${fault} seed ${seed}: ${operations} operations (${operationsPerSecond}/s${isVoid(report) ? ", VOID" : ""}), ${violations.length} violations`,
    );
    for (const { property, message } of violations) say(`  ${property}: ${message.split("\n")[0]}`);
  }
}

async function damageAndSay(seed: number): Promise<DamageReport> {
  const report = await damageStore(seed, DAMAGED_FILES);
  say(`damage seed ${seed}: ${JSON.stringify(report.outcomes)}`);
  for (const what of [...report.silent, ...report.died]) say(`  ${what}`);
  return report;
}

async function sweepAndSay(options: { atMost?: number; seed?: number }): Promise<SweepReport> {
  const report = await sweep(options);
  const killed = Object.values(report.calls).reduce((sum, one) => sum + one.killed, 0);
  say(`sweep: killed at ${killed} points, ${report.violations.length} violations`);
  for (const { point, property, message } of report.violations) say(`  ${point}: ${property}: ${message}`);
  return report;
}

async function runKnownBad(): Promise<FullReport["knownBad"]> {
  const caught: FullReport["knownBad"] = [];
  for (const [name, { breaks }] of Object.entries(knownBad)) {
    if (missingForKnownBad(name)) continue;
    const properties = new Set<string>();
    const isFound = () => breaks.some((property) => properties.has(property));
    for (let attempt = 0, done = false; !done && attempt < KNOWN_BAD_ATTEMPTS; attempt++) {
      const report = await runScenario(knownBadRun(name, firstSeed + attempt, KNOWN_BAD_PATIENCE));
      for (const { property } of report.violations) properties.add(property);
      // A run with too little load proves nothing, neither that the harness finds it nor that it does not.
      done = isFound() || !isVoid(report);
    }
    const found = isFound();
    say(`known-bad ${name}: ${found ? "found" : "NOT FOUND"} (${[...properties].join(", ")})`);
    caught.push({ name, found, properties: [...properties] });
  }
  return caught;
}

function isGood({ runs, damages, caught, sweeps, restart }: Measured): boolean {
  return (
    runs.every((run) => run.violations.length === 0 && !isVoid(run)) &&
    damages.every(({ silent, died }) => silent.length === 0 && died.length === 0) &&
    sweeps.every(({ violations }) => violations.length === 0) &&
    caught.every(({ found }) => found) &&
    restart.problems.length === 0 &&
    restart.startsMs.every((ms) => ms <= LONGEST_RESTART_MS)
  );
}

function skipped(): { fault: string; why: string }[] {
  return faultNames.flatMap((fault) => {
    const why = missingFor(fault);
    return why ? [{ fault, why }] : [];
  });
}

function machine(): string {
  return `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node.js ${process.version}`;
}

function write(report: FullReport): void {
  mkdirSync(values.out, { recursive: true });
  writeFileSync(join(values.out, "store-robustness.json"), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(values.out, "store-robustness.md"), toMarkdown(report));
}

useScratch();
const good = values.fault ? await runOne(values.fault as FaultName) : await runLong();
process.exit(good ? 0 : 1);
