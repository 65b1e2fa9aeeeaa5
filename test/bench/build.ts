import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestPlatform } from "../support/platform.ts";
import { mustRun } from "../support/run.ts";
import { type Figures, measure } from "./median.ts";

const RUNS = 5;
const SMALL_FILES = 5_000;
const BIG_BYTES = 200 * 2 ** 20;
const gantry = fileURLToPath(new URL("../../bin/gantry", import.meta.url));

const DOCKERFILE = `FROM busybox AS base
ENV MODE=bench
WORKDIR /app
FROM base AS small
COPY small small
RUN ls small | wc -l > count
FROM base AS big
COPY big.bin .
RUN wc -c < big.bin > size
FROM base
COPY --from=small /app /app
COPY --from=big /app/big.bin /app/size ./
RUN cat count size > report
`;

export interface BuildReport {
  /** Nothing cached, and no file of the context known. */
  coldMs: number;
  cached: Figures;
  oneFileChanged: Figures;
  /** `gantry version`: what every command takes before it does anything. */
  commandStart: Figures;
  /** Of a cached build beyond that. */
  cachedAboveStartMs: number;
  /** One small file changed, as a share of a cold build. */
  changedOfCold: number;
}

/** `gantry build` of twelve instructions in four stages over 5,000 small files and one of 200 MB. */
export async function benchBuild({ env }: TestPlatform): Promise<BuildReport> {
  const dir = mkdtempSync(join(tmpdir(), "gantry-bench-build-"));
  try {
    makeContext(dir);
    const build = async () => (await mustRun(gantry, ["build", "-q", "-t", "bench", dir], { env })).ms;
    const coldMs = await build();
    const cached = await measure(RUNS, build);
    let round = 0;
    const oneFileChanged = await measure(RUNS, () => {
      writeFileSync(join(dir, "small", "0", "0"), `changed ${++round}`);
      return build();
    });
    const commandStart = await measure(RUNS, async () => (await mustRun(gantry, ["version"], { env })).ms);
    return {
      ...{ coldMs, cached, oneFileChanged, commandStart },
      cachedAboveStartMs: cached.medianMs - commandStart.medianMs,
      changedOfCold: Math.round((oneFileChanged.medianMs / coldMs) * 100) / 100,
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function makeContext(dir: string): void {
  writeFileSync(join(dir, "Dockerfile"), DOCKERFILE);
  for (let at = 0; at < SMALL_FILES; at++) {
    const folder = join(dir, "small", String(at % 50));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, String(Math.floor(at / 50))), `file ${at}\n`.repeat(20));
  }
  const block = Buffer.alloc(2 ** 20);
  for (let at = 0; at < block.length; at += 4) block.writeUInt32LE((at * 2_654_435_761) >>> 0, at);
  writeFileSync(
    join(dir, "big.bin"),
    Buffer.concat(Array.from({ length: BIG_BYTES / block.length }, () => block)),
  );
}
