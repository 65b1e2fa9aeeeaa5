import { closeSync, openSync } from "node:fs";
import { check, libc } from "./libc.ts";

const CLONE_FS = 0x200;
let separated = false;

/**
 * Gives this thread a working directory, root and umask of its own: the other threads' file calls then no longer
 * depend on what this one switches. Done once; Node's own threads must exist before (setUpProcess sees to it).
 */
export function separateFileSystemContext(): void {
  if (separated) return;
  check(libc().unshare(CLONE_FS), "unshare(CLONE_FS)");
  separated = true;
}

/** Runs `fn` synchronously with `dir` as this thread's working directory. */
export function atDirectory<T>(dir: string, fn: () => T): T {
  separateFileSystemContext();
  return keepingWorkingDirectory(() => {
    check(libc().chdir(dir), `chdir ${dir}`);
    return fn();
  });
}

/** Runs `fn`, and goes back to the working directory of before. */
export function keepingWorkingDirectory<T>(fn: () => T): T {
  const before = openSync(".", "r");
  try {
    return fn();
  } finally {
    libc().fchdir(before);
    closeSync(before);
  }
}
