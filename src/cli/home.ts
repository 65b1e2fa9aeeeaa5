import { accessSync, constants, mkdirSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { diskError, errorMessage, GantryError } from "../base/index.ts";

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

/** Makes the home where there is none; else says in one sentence why it cannot serve. */
export function makeHome(home: string): void {
  try {
    mkdirSync(home, { recursive: true, mode: 0o711 });
    if (!statSync(home).isDirectory()) throw new Error("it is not a directory");
    accessSync(home, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const failure = diskError(error);
    throw new GantryError(
      "PermissionDenied",
      `cannot use ${home} as home: ${failure?.message ?? errorMessage(error)}`,
      {
        code: "Platform.UnusableHome",
        hint: failure?.hint ?? "name a writable directory with --home",
        cause: error,
      },
    );
  }
  assertOnlyOurs(home);
}

/** Who owns the home or may write to it can put another program's state, keys and containers in the place of ours: all of them root's. */
function assertOnlyOurs(home: string): void {
  const { uid, mode } = statSync(home);
  const own = process.getuid!();
  const refused = (why: string, command: string) =>
    new GantryError("PermissionDenied", `cannot use ${home} as home: ${why}`, {
      code: "Platform.UnsafeHome",
      hint: `if all in it is to be trusted, run: ${command}`,
    });
  if (uid !== own) throw refused(`it belongs to user ${uid}`, `chown ${own} ${quoted(home)}`);
  if ((mode & 0o022) === 0) return;
  const who = (mode & 0o002) !== 0 ? "everybody" : "its group";
  throw refused(`${who} may write to it`, `chmod go-w ${quoted(home)}`);
}

/** As a shell takes it for one word. */
function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
