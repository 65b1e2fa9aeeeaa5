import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Puts everything that a run makes under one directory, and removes it when the process ends, also when it is interrupted: the
 * processes that name the directory in their command lines (all that are started here do), what is mounted in it, and the files.
 */
export function useScratch(): void {
  const dir = mkdtempSync(join(tmpdir(), "gantry-robustness-run-"));
  // For `tmpdir()` of all that comes later.
  process.env.TMPDIR = dir;
  process.once("exit", () => {
    killAll(dir);
    for (const mountPoint of mountsBelow(dir)) execFileSync("umount", ["-l", mountPoint]);
    rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });
  // Not `once`: a second signal shall not cut the cleaning off.
  process.on("SIGINT", () => process.exit(130));
  process.on("SIGTERM", () => process.exit(143));
}

function killAll(dir: string): void {
  for (const pid of readdirSync("/proc").filter(
    (name) => /^\d+$/.test(name) && Number(name) !== process.pid,
  )) {
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`${dir}/`))
        process.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended.
    }
  }
}

/** The innermost first. */
function mountsBelow(dir: string): string[] {
  const points = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "");
  return points.filter((path) => path.startsWith(`${dir}/`)).reverse();
}
