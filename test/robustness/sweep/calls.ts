import { type ExecFileException, execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { COMPILE_CACHE } from "../server-process.ts";

const WRITER = join(import.meta.dirname, "writer.ts");

/** Every call by which the store, Node.js or LMDB changes something on a disk; `write` also ends at the acknowledgements. */
const CALLS = [
  "pwrite64",
  "pwritev",
  "write",
  "writev",
  "fdatasync",
  "fsync",
  "msync",
  "fallocate",
  "ftruncate",
  "mkdir",
  "rename",
  "renameat",
  "renameat2",
  "link",
  "unlink",
  "unlinkat",
  "rmdir",
  "fchmod",
  "chmod",
];

/** The process is killed as it enters the nth of these calls in one of its threads. */
export interface KillPoint {
  call: string;
  nth: number;
}

export interface WriterRun {
  acknowledged: number;
  /** The newest lease that an acknowledgement told of, 0 if there is none. */
  lease: number;
  isOpen: boolean;
  hasEnded: boolean;
}

/** Runs the writer in `dir` under strace with these rules. One worker thread, so that the nth call is the nth call. */
export function runWriter(dir: string, strace: readonly string[], bad?: string): Promise<WriterRun> {
  const args = ["-f", "-qq", ...strace, process.execPath];
  args.push("--disable-warning=ExperimentalWarning", WRITER);
  args.push(
    "--dir",
    join(dir, "store"),
    "--snapshots",
    join(dir, "snapshots"),
    ...(bad ? ["--bad", bad] : []),
  );
  const env = {
    ...process.env,
    UV_THREADPOOL_SIZE: "1",
    NODE_OPTIONS: "",
    NODE_COMPILE_CACHE: COMPILE_CACHE,
  };
  return new Promise((resolve, reject) => {
    execFile("strace", args, { env }, (error: ExecFileException | null, stdout, stderr) => {
      const lines = stdout.split("\n").filter(Boolean);
      if (error?.signal !== "SIGKILL" && error?.code !== 137 && lines.at(-1) !== "end") {
        reject(new Error(`the writer failed: ${stdout}${stderr}`));
        return;
      }
      const acks = lines.filter((line) => line.startsWith("ack "));
      resolve({
        acknowledged: acks.length,
        lease: Number(acks.at(-1)?.split(" ")[2] ?? 0),
        isOpen: lines.includes("open"),
        hasEnded: lines.at(-1) === "end",
      });
    });
  });
}

export function killRule({ call, nth }: KillPoint): string[] {
  return ["-o", "/dev/null", "-e", `trace=${call}`, "-e", `inject=${call}:signal=SIGKILL:when=${nth}`];
}

/** All points of a run that is let to its end: each call as often as the thread does it that does it most. */
export async function findKillPoints(dir: string): Promise<KillPoint[]> {
  const trace = join(dir, "trace");
  await runWriter(dir, ["-o", trace, "-e", `trace=${CALLS.join(",")}`]);
  const counts = new Map<string, Map<string, number>>();
  for (const line of readFileSync(trace, "utf8").split("\n")) {
    const match = /^(\d+)\s+(\w+)\(/.exec(line);
    if (!match) continue;
    const [, thread, call] = match as unknown as [string, string, string];
    const threads = counts.get(call) ?? new Map<string, number>();
    counts.set(call, threads.set(thread, (threads.get(thread) ?? 0) + 1));
  }
  return [...counts].flatMap(([call, threads]) =>
    Array.from({ length: Math.max(...threads.values()) }, (_, index) => ({ call, nth: index + 1 })),
  );
}
