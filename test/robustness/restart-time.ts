import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/index.ts";
import { makeValue } from "./history.ts";
import { ServerProcess } from "./server-process.ts";
import { StoreClient } from "./store-client.ts";

const VALUE_BYTES = 10_000;
const AT_ONCE = 50;
const STARTS = 5;

export interface RestartReport {
  sizeBytes: number;
  /** From the start of the process to its readiness, after each kill. */
  startsMs: number[];
  problems: string[];
}

/** Fills a store, and kills and starts it again some times while it writes. */
export async function measureRestart(sizeMib: number): Promise<RestartReport> {
  const workDir = mkdtempSync(join(tmpdir(), "gantry-restart-"));
  const options = { workDir, storeDir: join(workDir, "store") };
  let server = await ServerProcess.start(options);
  try {
    await put(server, (sizeMib * 2 ** 20) / VALUE_BYTES);
    const startsMs: number[] = [];
    for (let n = 0; n < STARTS; n++) {
      const writing = put(server, Number.POSITIVE_INFINITY).catch(() => {});
      await systemClock.sleep(200);
      await server.kill();
      await writing;
      const beganMs = systemClock.monotonicMs();
      server = await ServerProcess.start(options);
      startsMs.push(Math.round(systemClock.monotonicMs() - beganMs));
    }
    const client = await StoreClient.connect(server.socketPath);
    const { problems } = await client.call("check", {});
    client.close();
    const sizeBytes = statSync(join(options.storeDir, "data.mdb")).size;
    return { sizeBytes, startsMs, problems: problems.map(({ code, message }) => `${code}: ${message}`) };
  } finally {
    await server.kill();
    rmSync(workDir, { recursive: true, force: true });
  }
}

async function put(server: ServerProcess, count: number): Promise<void> {
  const client = await StoreClient.connect(server.socketPath);
  let next = 0;
  const work = async () => {
    while (next < count) {
      const n = next++;
      const key = `/registry/pods/default/p${n}`;
      const operation = { type: "put" as const, key, value: makeValue(`p${n}`, VALUE_BYTES) };
      await client.call("transact", { compare: [], success: [operation], failure: [] });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work)).finally(() => client.close());
}
