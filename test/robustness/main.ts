import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { faultNames, missingFor, missingForKnownBad } from "./available.ts";
import { type DamageReport, damageStore } from "./damage.ts";
import type { FaultName } from "./faults/index.ts";
import { knownBad } from "./known-bad/index.ts";
import { type FullReport, summarize, toMarkdown } from "./report.ts";
import { runScenario, type ScenarioReport } from "./scenario.ts";

// The long run: all faults in turn with ever new seeds until the time is over, then a report as JSON and Markdown.
// `--fault NAME --seed N --seconds N` repeats one run and prints it; `--bad NAME` does it with a known-bad store.

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    seconds: { type: "string", default: "15" },
    seed: { type: "string" },
    fault: { type: "string" },
    bad: { type: "string" },
    out: { type: "string", default: join(import.meta.dirname, "..", "..", "docs", "reliability") },
  },
});

const scenarioMs = Number(values.seconds) * 1000;
const firstSeed = Number(values.seed ?? Math.floor(Math.random() * 1e9));
const say = (text: string) => process.stdout.write(`${text}\n`);

async function runOne(fault: FaultName): Promise<boolean> {
  const options = {
    fault,
    seed: firstSeed,
    durationMs: scenarioMs,
    ...(values.bad ? { bad: values.bad } : {}),
  };
  const report = await runScenario(options);
  say(JSON.stringify(report, null, 2));
  return report.violations.length === 0;
}

async function runLong(): Promise<boolean> {
  const beganAt = new Date();
  const runs: ScenarioReport[] = [];
  const damages: DamageReport[] = [];
  const caught = await runKnownBad();
  const endMs = performance.now() + Number(values.minutes) * 60_000;
  for (let round = 0; performance.now() < endMs; round++) {
    for (const fault of faultNames) {
      if (missingFor(fault) || performance.now() >= endMs) continue;
      const report = await runScenario({ fault, seed: firstSeed + round, durationMs: scenarioMs });
      runs.push(report);
      say(
        `${fault} seed ${report.seed}: ${report.operations} operations, ${report.violations.length} violations`,
      );
    }
    damages.push(await damageStore(firstSeed + round, 40));
    const report = summarize({
      beganAt,
      machine: machine(),
      firstSeed,
      scenarioMs,
      skipped: skipped(),
      caught,
      runs,
      damages,
    });
    write(report);
    say(`round ${round + 1} done, ${report.violations.length} violations in all`);
  }
  return (
    runs.every((run) => run.violations.length === 0) &&
    damages.every((one) => one.silent.length === 0) &&
    caught.every((one) => one.found)
  );
}

async function runKnownBad(): Promise<FullReport["knownBad"]> {
  const caught: FullReport["knownBad"] = [];
  for (const [name, { fault = "none", breaks }] of Object.entries(knownBad)) {
    if (missingForKnownBad(name)) continue;
    const { violations } = await runScenario({ fault, bad: name, seed: firstSeed, durationMs: 2_000 });
    const properties = [...new Set(violations.map((violation) => violation.property))];
    const found = properties.some((property) => breaks.includes(property));
    say(`known-bad ${name}: ${found ? "found" : "NOT FOUND"} (${properties.join(", ")})`);
    caught.push({ name, found, properties });
  }
  return caught;
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

const isGood = values.fault ? await runOne(values.fault as FaultName) : await runLong();
process.exit(isGood ? 0 : 1);
