import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mustRun } from "../../support/run.ts";
import { definition, MEASURED } from "../apiserver.ts";
import { type LoadFigures, runLoad } from "../apiserver-load.ts";
import { residentMib, startServer } from "./server.ts";

const STORE_PODS = join(import.meta.dirname, "..", "store-pods.ts");
const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/** Creates of Pods over HTTPS beside so many that are there. */
export async function benchCreatesAtSizes(sizes: readonly number[], seconds: number): Promise<object> {
  const rows: Record<number, LoadFigures & { serverMib: number }> = {};
  for (const objects of sizes) {
    rows[objects] = await inHome(async (home) => {
      const args = [STORE_PODS, "--fill", "--dir", join(home, "store"), "--objects", String(objects)];
      await mustRun(process.execPath, ["--disable-warning=ExperimentalWarning", ...args], {
        timeoutMs: 300_000,
      });
      const server = await startServer({ home });
      try {
        const access = { ...server.access, connections: 16, seconds };
        const creates = MEASURED["create Pods"]!;
        await runLoad({ ...access, requests: 1_500 }, creates, server.pid);
        return { ...(await runLoad(access, creates, server.pid)), serverMib: residentMib(server.pid) };
      } finally {
        await server.stop();
      }
    });
  }
  return rows;
}

/** What a start costs with so many definitions: to where the server says it is ready, to the first answer about the last kind. */
export async function benchDefinitions(counts: readonly number[]): Promise<object> {
  const rows: Record<number, object> = {};
  for (const count of counts) {
    rows[count] = await inHome(async (home) => {
      const first = await startServer({ home });
      const beganAt = performance.now();
      for (let index = 0; index < count; index++) await first.create(DEFINITIONS, definitionOf(index));
      const createMs = Math.round(performance.now() - beganAt);
      await first.stop();
      const again = await startServer({ home });
      try {
        const answeredAt = performance.now();
        if (count > 0) await again.request("GET", `/apis/bench${count - 1}.example.com/v1/boxes`);
        const firstAnswerMs = Math.round(performance.now() - answeredAt);
        const { readyMs, readyCpuMs } = again;
        return { createMs, readyMs, readyCpuMs, firstAnswerMs, serverMib: residentMib(again.pid) };
      } finally {
        await again.stop();
      }
    });
  }
  return rows;
}

function definitionOf(index: number): object {
  const group = `bench${index}.example.com`;
  return { ...definition, metadata: { name: `boxes.${group}` }, spec: { ...definition.spec, group } };
}

async function inHome<T>(work: (home: string) => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), "gantry-bench-home-"));
  try {
    return await work(home);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
