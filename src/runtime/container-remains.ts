import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cgroupDir, cgroupMode, freezeCgroup, killCgroup } from "../kernel/index.ts";

/** Whether the cgroup's processes are frozen: `docker pause` in v1's freezer or in v2. */
export function isFrozen(cgroupPath: string): boolean {
  const dir = cgroupDir(cgroupPath, "freezer");
  if (dir === undefined) return false;
  const [file, frozen] = cgroupMode() === "v2" ? ["cgroup.freeze", "1"] : ["freezer.state", "FROZEN"];
  try {
    return readFileSync(join(dir, file), "utf8").trim() === frozen;
  } catch {
    return false;
  }
}

/** A frozen process dies only when it is let go on. */
export async function killFrozenToo(cgroupPath: string): Promise<void> {
  if (killCgroup(cgroupPath) > 0) await freezeCgroup(cgroupPath, false).catch(() => {});
}

/** What the runtime and the monitor put into a bundle. */
export function removeBundleFiles(bundleDir: string): void {
  for (const name of [
    "attach",
    "ctl",
    "winsz",
    "conmon.pid",
    "container.pid",
    "config.json",
    "oom",
    "exit",
  ]) {
    rmSync(join(bundleDir, name), { force: true });
  }
}
