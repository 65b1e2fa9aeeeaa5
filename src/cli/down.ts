import { GantryError, systemClock } from "../base/index.ts";
import { parseArguments } from "./arguments.ts";
import { callControl } from "./control-client.ts";
import { homeDirectory } from "./home.ts";

export const DOWN_USAGE = "gantry down [--home DIR] [--keep-containers]";
const STOP_MS = 60_000;

/** Stops the platform and, unless told to keep them, its containers. Succeeds when none runs. */
export async function down(args: readonly string[]): Promise<number> {
  const parsed = parseArguments(
    args,
    { home: { type: "string" }, "keep-containers": { type: "boolean" } },
    DOWN_USAGE,
  );
  const home = homeDirectory(parsed.text("home"));
  const stopped = await stopPlatform(home, parsed.flag("keep-containers"));
  process.stdout.write(stopped ? `Gantry on ${home} has stopped.\n` : `No platform runs on ${home}.\n`);
  return 0;
}

/** Asks the program to stop and waits until it has. False when none runs. */
export async function stopPlatform(home: string, keepContainers: boolean): Promise<boolean> {
  const answer = await callControl<{ pid: number }>(home, "POST", `/down?keep-containers=${keepContainers}`);
  if (!answer) return false;
  const startedAtMs = systemClock.monotonicMs();
  while (isAlive(answer.pid)) {
    if (systemClock.monotonicMs() - startedAtMs > STOP_MS) {
      throw new GantryError(
        "DeadlineExceeded",
        `process ${answer.pid} did not stop within ${STOP_MS / 1000} s`,
        { hint: `see ${home}/logs/gantry.log, or end it with: kill -9 ${answer.pid}` },
      );
    }
    await systemClock.sleep(20);
  }
  return true;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
