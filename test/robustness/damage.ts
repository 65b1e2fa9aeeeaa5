import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { silentLogger } from "../../src/base/index.ts";
import { type Operation, openLmdbStore } from "../../src/store/index.ts";
import type { DamageReading } from "./damage-reader.ts";
import { SeededRandom } from "./seeded-random.ts";
import { COMPILE_CACHE } from "./server-process.ts";

const PAGE_BYTES = 4096;
const SECTOR_BYTES = 512;
/** What LMDB writes at the beginning of its first two pages. */
const META_BYTES = 176;
const READER = join(import.meta.dirname, "damage-reader.ts");

export interface DamageReport {
  seed: number;
  cases: number;
  /** How often each outcome was met; `silent` means that wrong data were served without a word. */
  outcomes: Record<"refused" | "reported" | "unharmed" | "died" | "hung" | "silent", number>;
  /** What was done in the cases that must not be. */
  silent: string[];
  died: string[];
}

/** What may happen to a file while nobody looks; each changes `data` and says what it did. */
const DAMAGES = {
  flipBit(data: Buffer, random: SeededRandom) {
    const at = random.between(0, data.length - 1);
    data[at]! ^= 1 << random.between(0, 7);
    return { data, what: `a bit of byte ${at} flipped` };
  },
  /** In the two pages that lead to all others, which one bit in the whole file seldom hits. */
  flipMetaBit(data: Buffer, random: SeededRandom) {
    const at = random.pick([0, PAGE_BYTES]) + random.between(0, META_BYTES - 1);
    data[at]! ^= 1 << random.between(0, 7);
    return { data, what: `a bit of byte ${at} flipped` };
  },
  zeroPage(data: Buffer, random: SeededRandom) {
    const page = random.between(0, data.length / PAGE_BYTES - 1);
    data.fill(0, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
    return { data, what: `page ${page} zeroed` };
  },
  tearPage(data: Buffer, random: SeededRandom) {
    const page = random.between(0, data.length / PAGE_BYTES - 1);
    const from = page * PAGE_BYTES + random.between(1, 7) * SECTOR_BYTES;
    data.fill(0, from, (page + 1) * PAGE_BYTES);
    return { data, what: `page ${page} torn at byte ${from}` };
  },
  swapPages(data: Buffer, random: SeededRandom) {
    const [a, b] = [
      random.between(2, data.length / PAGE_BYTES - 1),
      random.between(2, data.length / PAGE_BYTES - 1),
    ];
    const kept = Buffer.from(data.subarray(a * PAGE_BYTES, (a + 1) * PAGE_BYTES));
    data.copy(data, a * PAGE_BYTES, b * PAGE_BYTES, (b + 1) * PAGE_BYTES);
    kept.copy(data, b * PAGE_BYTES);
    return { data, what: `pages ${a} and ${b} swapped` };
  },
  cutOff(data: Buffer, random: SeededRandom) {
    const length = random.between(0, data.length - 1);
    return { data: data.subarray(0, length), what: `cut off at ${length}` };
  },
};

/** Damages copies of a closed store's file in all these ways and looks what the store makes of it. */
export async function damageStore(seed: number, cases: number): Promise<DamageReport> {
  const random = new SeededRandom(seed);
  const workDir = mkdtempSync(join(tmpdir(), "gantry-damage-"));
  try {
    const intact = join(workDir, "intact");
    await fillStore(intact, random);
    const expected = readStore(intact);
    if (expected === "died" || expected === "hung")
      throw new Error(`the intact store could not be read: ${expected}`);
    const report = emptyReport(seed, cases);
    for (let n = 0; n < cases; n++) damageOnce(n, join(workDir, "damaged"), intact, expected, random, report);
    return report;
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

function emptyReport(seed: number, cases: number): DamageReport {
  const outcomes = { refused: 0, reported: 0, unharmed: 0, died: 0, hung: 0, silent: 0 };
  return { seed, cases, outcomes, silent: [], died: [] };
}

function damageOnce(
  n: number,
  dir: string,
  intact: string,
  expected: DamageReading,
  random: SeededRandom,
  report: DamageReport,
): void {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir);
  copyFileSync(join(intact, "data.mdb"), join(dir, "data.mdb"));
  const names = Object.keys(DAMAGES) as (keyof typeof DAMAGES)[];
  const { data, what } = DAMAGES[names[n % names.length]!](readFileSync(join(dir, "data.mdb")), random);
  writeFileSync(join(dir, "data.mdb"), data);
  const reading = readStore(dir);
  const outcome = classify(reading, expected);
  report.outcomes[outcome]++;
  if (outcome === "silent")
    report.silent.push(`${what}: ${JSON.stringify(reading)} instead of ${JSON.stringify(expected)}`);
  if (outcome === "died" || outcome === "hung") report.died.push(what);
}

function classify(
  reading: DamageReading | "died" | "hung",
  expected: DamageReading,
): keyof DamageReport["outcomes"] {
  if (typeof reading === "string") return reading;
  if (reading.refused) return "refused";
  if (reading.problems.length > 0) return "reported";
  return isDeepStrictEqual(reading.state, expected.state) ? "unharmed" : "silent";
}

function readStore(dir: string): DamageReading | "died" | "hung" {
  const args = ["--disable-warning=ExperimentalWarning", READER, dir];
  const result = spawnSync(process.execPath, args, {
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE },
    encoding: "utf8",
    timeout: 20_000,
    killSignal: "SIGKILL",
  });
  if (result.error) return "hung";
  return result.status === 0 ? JSON.parse(result.stdout) : "died";
}

/** Some hundred keys with several versions, deletes, large values and a compaction. */
export async function fillStore(dir: string, random: SeededRandom): Promise<void> {
  const store = await openLmdbStore({ dir, logger: silentLogger, keepHistoryMs: 0 });
  const operation = (n: number): Operation => {
    const key = `/registry/pods/default/o${random.between(0, 150)}`;
    if (random.next() < 0.1) return { type: "delete", key };
    const bytes = random.next() < 0.02 ? 20_000 : random.between(10, 1_500);
    return { type: "put", key, value: Buffer.alloc(bytes, `value ${n} `) };
  };
  for (let n = 0; n < 600; n += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, k) => store.transact({ success: [operation(n + k)] })));
    if (n === 200) await store.compact((await store.status()).revision - 50);
  }
  await store.close();
}
