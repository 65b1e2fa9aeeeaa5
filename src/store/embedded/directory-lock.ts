import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import koffi from "koffi";
import { locked } from "../errors.ts";

const LOCK_EX = 2;
const LOCK_NB = 4;

type Flock = (fd: number, operation: number) => number;
let flock: Flock | undefined;

/**
 * Takes the directory for this process alone; `Store.Locked` when another one has it. The kernel gives the lock back when the
 * process ends, however it ends.
 */
export function lockDirectory(dir: string): () => void {
  flock ??= koffi.load(null).func("int flock(int fd, int operation)") as unknown as Flock;
  const fd = openSync(join(dir, "lock"), "a", 0o600);
  if (flock(fd, LOCK_EX | LOCK_NB) !== 0) {
    closeSync(fd);
    throw locked(dir);
  }
  let held = true;
  return () => {
    if (held) closeSync(fd);
    held = false;
  };
}
