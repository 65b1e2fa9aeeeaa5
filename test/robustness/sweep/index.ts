import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorMessage, silentLogger, systemClock } from "../../../src/base/index.ts";
import { openLmdbStore, restoreSnapshot, type Store } from "../../../src/store/index.ts";
import { SeededRandom } from "../seeded-random.ts";
import { Violations } from "../violation.ts";
import { findKillPoints, type KillPoint, killRule, runWriter, type WriterRun } from "./calls.ts";
import { describeStore, expectedStates, lawfulStates } from "./expected-states.ts";
import { steps } from "./steps.ts";

/** The bar for opening a store again. */
export const LONGEST_RESTART_MS = 2_000;
const WORKERS = 2;

export interface SweepOptions {
  atMost?: number;
  seed?: number;
  /** Name of a known-bad store. */
  bad?: string;
}

export interface SweepReport {
  /** Per call: how many places to be killed at there are, how many were tried, at how many the process was killed. */
  calls: Record<string, { points: number; tried: number; killed: number }>;
  slowestRestartMs: number;
  violations: { point: string; property: string; message: string }[];
}

/**
 * Kills the store's process as it enters each of its calls that change the disk, one call a run, while it does a fixed list of steps,
 * and looks each time whether the store is as the acknowledged steps left it. With `atMost` only at so many of them, spread over all; else
 * until a run ends by itself.
 */
export async function sweep({ atMost, seed = 1, bad }: SweepOptions = {}): Promise<SweepReport> {
  const workDir = mkdtempSync(join(tmpdir(), "gantry-sweep-"));
  try {
    const states = await expectedStates();
    const points = await discover(workDir);
    const last = new Map(points.map((point) => [point.call, point]));
    const report: SweepReport = { calls: {}, slowestRestartMs: 0, violations: [] };
    for (const { call } of points) {
      report.calls[call] ??= { points: 0, tried: 0, killed: 0 };
      report.calls[call].points++;
    }
    const chosen = atMost ? spread(points, atMost, new SeededRandom(seed)) : [...points];
    const work = async () => {
      for (let point = chosen.shift(); point; point = chosen.shift()) {
        const wasKilled = await killOnce(point, mkdtempSync(join(workDir, "run-")), bad, states, report);
        if (atMost || !wasKilled || last.get(point.call) !== point) continue;
        const next = { call: point.call, nth: point.nth + 1 };
        last.set(point.call, next);
        chosen.push(next);
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, work));
    return report;
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

/** The first run only fills the cache of compiled modules, which is written to the disk too. */
async function discover(workDir: string): Promise<KillPoint[]> {
  const dirs = ["first", "second"].map((name) => join(workDir, name));
  for (const dir of dirs) mkdirSync(join(dir, "snapshots"), { recursive: true });
  await runWriter(dirs[0]!, ["-o", "/dev/null", "-e", "trace=fsync"]);
  return findKillPoints(dirs[1]!);
}

/** Every call at least once, the rest in even steps. */
function spread(points: readonly KillPoint[], atMost: number, random: SeededRandom): KillPoint[] {
  const calls = [...new Set(points.map(({ call }) => call))].slice(0, atMost);
  const chosen = calls.map((call) => random.pick(points.filter((point) => point.call === call)));
  const rest = points.filter((point) => !chosen.includes(point));
  const wanted = Math.min(atMost - chosen.length, rest.length);
  for (let index = 0; index < wanted; index++) {
    chosen.push(rest[Math.floor(((index + random.next()) * rest.length) / wanted)]!);
  }
  return chosen;
}

/** Whether it was killed. */
async function killOnce(
  point: KillPoint,
  dir: string,
  bad: string | undefined,
  states: readonly string[],
  report: SweepReport,
): Promise<boolean> {
  mkdirSync(join(dir, "snapshots"));
  const violations = new Violations();
  const counts = report.calls[point.call]!;
  counts.tried++;
  let wasKilled = false;
  try {
    const run = await runWriter(dir, killRule(point), bad);
    wasKilled = !run.hasEnded;
    if (wasKilled) counts.killed++;
    report.slowestRestartMs = Math.max(
      report.slowestRestartMs,
      await expectStore(join(dir, "store"), run, states, violations),
    );
    await expectSnapshots(dir, run, states, violations);
  } catch (error) {
    violations.add("it starts again", errorMessage(error));
  }
  const name = `${point.call} number ${point.nth}`;
  report.violations.push(...violations.list.map((one) => ({ point: name, ...one })));
  rmSync(dir, { recursive: true, force: true });
  return wasKilled;
}

/** Returns how long it took to open. */
async function expectStore(
  dir: string,
  run: WriterRun,
  states: readonly string[],
  violations: Violations,
): Promise<number> {
  const beganMs = systemClock.monotonicMs();
  const store = await openLmdbStore({ dir, logger: silentLogger, keepHistoryMs: 0 });
  const tookMs = Math.round(systemClock.monotonicMs() - beganMs);
  try {
    violations.expect(tookMs <= LONGEST_RESTART_MS, "it starts in time", () => `${tookMs} ms`);
    for (const { code, message } of await store.check())
      violations.add("check is clean", `${code}: ${message}`);
    const lawful = lawfulStates(states, run.acknowledged);
    expectState(await describeStore(store), lawful, run.acknowledged, violations);
    await expectLease(store, run, violations);
    await store.transact({ success: [{ type: "put", key: "after", value: Buffer.from("1") }] });
  } finally {
    await store.close();
  }
  return tookMs;
}

function expectState(
  found: string,
  lawful: readonly string[],
  acknowledged: number,
  violations: Violations,
): void {
  violations.expect(
    lawful.includes(found),
    "nothing acknowledged is lost",
    () =>
      `after ${acknowledged} acknowledged steps there is\n${found}\nand should be\n${lawful.join("\nor\n")}`,
  );
}

/** A lease that was granted and not revoked is there; one that was revoked is not. */
async function expectLease(
  store: Store,
  { lease, acknowledged }: WriterRun,
  violations: Violations,
): Promise<void> {
  if (lease === 0) return;
  const done = steps.slice(0, acknowledged).map(({ name }) => name);
  const [granted, revoked] = [done.lastIndexOf("grant"), done.lastIndexOf("revoke")];
  const mayBeRevoked = steps.slice(acknowledged, acknowledged + 2).some(({ name }) => name === "revoke");
  const isThere = await store.keepLeaseAlive(lease).then(
    () => true,
    () => false,
  );
  violations.expect(
    isThere === granted > revoked || (isThere === false && mayBeRevoked),
    "leases are kept",
    () => `lease ${lease} is ${isThere ? "there" : "gone"} after ${acknowledged} steps`,
  );
}

/** Those that were acknowledged are there, and whatever has a snapshot's name is one. */
async function expectSnapshots(
  dir: string,
  run: WriterRun,
  states: readonly string[],
  violations: Violations,
): Promise<void> {
  let taken = 0;
  for (const [index, { name }] of steps.entries()) {
    if (name !== "snapshot") continue;
    const file = join(dir, "snapshots", `snapshot-${taken++}`);
    const isAcknowledged = index < run.acknowledged;
    if (!isAcknowledged && !existsSync(file)) continue;
    try {
      await restoreSnapshot(file, join(dir, `restored-${taken}`), 0);
      const options = { dir: join(dir, `restored-${taken}`), logger: silentLogger, keepHistoryMs: 0 };
      const store = await openLmdbStore(options);
      const found = await describeStore(store).finally(() => store.close());
      expectState(found, [states[index + 1]!], index, violations);
    } catch (error) {
      violations.add("snapshots are whole", `${file}: ${errorMessage(error)}`);
    }
  }
}
