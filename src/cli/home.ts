import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The instance's home: `--home`, `$GANTRY_HOME`, `/var/lib/gantry` for root, else below the user's own directory. */
export function homeDirectory(option: string | undefined): string {
  const chosen = option ?? process.env.GANTRY_HOME;
  if (chosen) return resolve(chosen);
  return process.getuid?.() === 0 ? "/var/lib/gantry" : join(homedir(), ".local", "share", "gantry");
}
