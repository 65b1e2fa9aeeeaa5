import { parseArguments } from "./arguments.ts";
import { stopPlatform } from "./down.ts";
import { homeDirectory } from "./home.ts";
import type { PlatformResetter } from "./platform-runner.ts";

export const RESET_USAGE = "gantry reset [--home DIR]";

/** Stops the platform and removes everything that it has left on the machine, its home included. */
export async function reset(args: readonly string[], resetPlatform: PlatformResetter): Promise<number> {
  const parsed = parseArguments(args, { home: { type: "string" } }, RESET_USAGE);
  const home = homeDirectory(parsed.text("home"));
  await stopPlatform(home, false);
  const { removed, kept } = await resetPlatform(home);
  process.stdout.write(
    removed.length > 0 ? `Removed ${removed.join(", ")}.\n` : `Nothing was left of ${home}.\n`,
  );
  if (kept.length > 0) process.stdout.write(`Kept ${kept.join(", ")}.\n`);
  return 0;
}
