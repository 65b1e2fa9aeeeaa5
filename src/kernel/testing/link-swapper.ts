import { Worker } from "node:worker_threads";

export interface LinkSwapper {
  /** How often a directory was replaced by the link. */
  swaps(): number;
  stop(): Promise<void>;
}

/**
 * A thread that does in `root` what a hostile container would in its volume: of each directory of these names it makes, for
 * a moment, a link to `outside`, again and again. For tests only.
 */
export async function swapLinks(
  root: string,
  names: readonly string[],
  outside: string,
): Promise<LinkSwapper> {
  const state = new SharedArrayBuffer(8);
  const worker = new Worker(SWAPPING, { eval: true, workerData: { root, names, outside, state } });
  await new Promise((resolve) => worker.once("online", resolve));
  const counters = new Int32Array(state);
  return {
    swaps: () => Atomics.load(counters, 1),
    async stop() {
      const ended = new Promise((resolve) => worker.once("exit", resolve));
      Atomics.store(counters, 0, 1);
      await ended;
    },
  };
}

const SWAPPING = `
const { renameSync, rmSync, symlinkSync } = require("node:fs");
const { root, names, outside, state } = require("node:worker_threads").workerData;
const counters = new Int32Array(state);
while (Atomics.load(counters, 0) === 0) {
  for (const name of names) {
    const [path, kept] = [root + "/" + name, root + "/.kept-" + name];
    try {
      renameSync(path, kept);
    } catch {
      continue;
    }
    try {
      symlinkSync(outside, path);
      Atomics.add(counters, 1, 1);
      Atomics.wait(counters, 0, 0, 0.2);
      rmSync(path);
      renameSync(kept, path);
    } catch {}
  }
}`;
