import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../../../base/index.ts";
import { RotatingFile, type RotatingFileOptions } from "./rotating-file.ts";

const HALF_MIB = "x".repeat(2 ** 19 - 1);
const line = (first: string) => `${first}${HALF_MIB.slice(1)}\n`;

describe("a file that is rotated", () => {
  let dir: string;
  let nowMs: number;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "gantry-rotate-"));
    nowMs = Date.parse("2025-01-31T12:00:00.5Z");
  });
  afterEach(() => rm(dir, { recursive: true }));

  const file = (options: Partial<RotatingFileOptions> = {}) => {
    const clock: Clock = Object.assign(Object.create(systemClock) as Clock, { nowMs: () => nowMs });
    const path = join(dir, "logs", "audit.log");
    const defaults = { path, maxAgeDays: 0, maxBackups: 0, maxSizeMib: 1, compresses: false, clock };
    return new RotatingFile({ ...defaults, ...options });
  };
  const names = async () => (await readdir(join(dir, "logs"))).sort();
  const firsts = async (name: string) =>
    (await readFile(join(dir, "logs", name), "utf8"))
      .trimEnd()
      .split("\n")
      .map((text) => text[0]);

  it("goes on under the time at which it was full; lines stay whole", async () => {
    const log = file();
    await log.append([line("a"), line("b"), line("c")]);
    nowMs += 60_000;
    await log.append([line("d"), "e\n"]);
    await log.close();
    expect(await names()).toEqual([
      "audit-2025-01-31T12-00-00.500.log",
      "audit-2025-01-31T12-01-00.500.log",
      "audit.log",
    ]);
    expect(await firsts("audit-2025-01-31T12-00-00.500.log")).toEqual(["a", "b"]);
    expect(await firsts("audit-2025-01-31T12-01-00.500.log")).toEqual(["c", "d"]);
    expect(await firsts("audit.log")).toEqual(["e"]);
    expect((await stat(join(dir, "logs", "audit.log"))).mode & 0o777).toBe(0o600);
  });

  it("is gone on with by the next start", async () => {
    for (const first of ["a", "b", "c"]) {
      const log = file();
      await log.append([line(first)]);
      await log.close();
    }
    expect(await firsts("audit.log")).toEqual(["c"]);
  });

  it("keeps so many old ones, for so long, and leaves alone what is not its own", async () => {
    const log = file({ maxBackups: 2, maxAgeDays: 1 });
    await log.open();
    await writeFile(join(dir, "logs", "audit-2024-01-01T00-00-00.000.log"), "old");
    await writeFile(join(dir, "logs", "audit-old.log"), "another's");
    for (const first of ["a", "b", "c", "d", "e", "f", "g"]) {
      await log.append([line(first)]);
      nowMs += 1000;
    }
    await log.close();
    expect(await names()).toEqual([
      "audit-2025-01-31T12-00-04.500.log",
      "audit-2025-01-31T12-00-06.500.log",
      "audit-old.log",
      "audit.log",
    ]);
  });

  it("compresses old ones where it is told to", async () => {
    const log = file({ compresses: true });
    await log.append([line("a"), line("b"), line("c")]);
    await log.close();
    const [old, current] = await names();
    expect([old, current]).toEqual(["audit-2025-01-31T12-00-00.500.log.gz", "audit.log"]);
    expect(gunzipSync(await readFile(join(dir, "logs", old!))).toString()).toBe(line("a") + line("b"));
  });

  it("refuses a line that is longer than the file may be", async () => {
    const log = file();
    await expect(log.append([line("a").repeat(3)])).rejects.toThrow("exceeds maximum file size 1048576");
    await log.close();
  });
});
