import { chmod, lchown, lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

const SETGID = 0o2000;

/**
 * Gives a volume to the pod's fsGroup: every file belongs to the group, which may do what the owner may, and new files
 * in its directories inherit the group.
 */
export async function giveToGroup(
  dir: string,
  gid: number,
  options: { readOnly: boolean; onRootMismatchOnly: boolean },
): Promise<void> {
  if (options.onRootMismatchOnly) {
    const root = await lstat(dir);
    const bits = SETGID | (options.readOnly ? 0o550 : 0o770);
    if (root.gid === gid && (root.mode & bits) === bits) return;
  }
  await giveOne(dir, gid, options.readOnly);
}

async function giveOne(path: string, gid: number, readOnly: boolean): Promise<void> {
  const info = await lstat(path);
  if (info.gid !== gid) await lchown(path, info.uid, gid);
  if (info.isSymbolicLink()) return;
  const mode = info.mode & 0o7777;
  if (info.isDirectory()) {
    for (const name of await readdir(path)) await giveOne(join(path, name), gid, readOnly);
    await chmod(path, mode | (readOnly ? 0o550 : 0o770) | SETGID);
  } else {
    await chmod(path, mode | (readOnly ? 0o440 : 0o660));
  }
}
