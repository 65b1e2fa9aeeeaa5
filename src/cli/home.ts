import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The instance's home: `--home`, `$GANTRY_HOME`, `/var/lib/gantry` for root, else below the user's own directory. */
export function homeDirectory(option: string | undefined): string {
  const chosen = option ?? process.env.GANTRY_HOME;
  if (chosen) return realPath(resolve(chosen));
  return process.getuid?.() === 0 ? "/var/lib/gantry" : join(homedir(), ".local", "share", "gantry");
}

/** Where a link leads to: mounts are known by that name only. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // What is not there yet is made under the name that was given.
    return path;
  }
}
