import { execFile } from "node:child_process";
import { expect } from "vitest";
import type { Store } from "../types.ts";

export interface CrashRun {
  /** Per client: the last write acknowledged, and its revision. */
  acked: Map<number, { n: number; revision: number }>;
  errors: string[];
  lines: string[];
}

export interface CrashRunOptions {
  dir: string;
  /** As strace's `inject=` takes it. */
  fault: string;
  /** Counts only the calls on this path. */
  path?: string;
  /** For the crash writer. */
  args?: readonly string[];
}

/** Runs the crash writer under strace with one injected fault. One worker thread, so that the nth call is the nth call. */
export function runWithFault({ dir, fault, path, args = [] }: CrashRunOptions): Promise<CrashRun> {
  const program = new URL("crash-writer.test-support.ts", import.meta.url).pathname;
  const trace = `trace=${fault.split(":", 1)[0]}`;
  const strace = ["-f", "-qq", "-o", "/dev/null", "-e", trace, "-e", `inject=${fault}`];
  if (path) strace.push("-P", path);
  return new Promise((resolve) => {
    const env = { ...process.env, UV_THREADPOOL_SIZE: "1", NODE_OPTIONS: "" };
    execFile(
      "strace",
      [...strace, process.execPath, program, "--dir", dir, ...args],
      { env },
      (_error, stdout) => {
        const lines = stdout.split("\n").filter(Boolean);
        const acked: CrashRun["acked"] = new Map();
        for (const line of lines) {
          const match = /^ack (\d+) (\d+) (\d+)$/.exec(line);
          if (match) acked.set(Number(match[1]), { n: Number(match[2]), revision: Number(match[3]) });
        }
        resolve({ acked, lines, errors: lines.filter((line) => line.startsWith("error ")) });
      },
    );
  });
}

/** Each client's key must be as its last acknowledged write left it, or as the one after that, which may have been done too. */
export async function expectNothingLost(store: Store, { acked }: CrashRun): Promise<void> {
  expect(await store.check()).toEqual([]);
  const { revision } = await store.status();
  for (const [client, last] of acked) {
    expect(revision).toBeGreaterThanOrEqual(last.revision);
    const { item } = await store.get(`client/${client}`);
    const found = item ? Number(Buffer.from(item.value).toString().split(" ", 1)[0]) : "deleted";
    const after = (n: number) => (n % 10 === 9 ? "deleted" : n);
    expect([after(last.n), after(last.n + 1)]).toContain(found);
  }
  const twins = (await store.range("twin/")).items;
  for (const twin of twins) {
    const { item } = await store.get(twin.key.replace("twin", "client"));
    if (item) expect(item.modRevision).toBe(twin.modRevision);
  }
}
