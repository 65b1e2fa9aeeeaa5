import { readdirSync } from "node:fs";
import { basename } from "node:path";
import type { Clock } from "../base/index.ts";
import { childrenOf, commandLineOf, killProcess, watchProcessExit } from "../kernel/index.ts";

/** Monitors that an earlier run of the program left, by container: found by the exit directory that they were told. */
export function findMonitors(exitDir: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const command = commandLineOf(pid);
    if (!command || basename(command[0] ?? "") !== "conmon") continue;
    if (argumentOf(command, "--exit-dir") !== exitDir) continue;
    const id = argumentOf(command, "--cid");
    if (id) found.set(id, pid);
  }
  return found;
}

function argumentOf(command: readonly string[], option: string): string | undefined {
  const at = command.indexOf(option);
  return at < 0 ? undefined : command[at + 1];
}

/** Whether the process with this number is (still) the monitor of that container. */
export function isMonitorOf(pid: number, id: string): boolean {
  const command = commandLineOf(pid);
  return (
    command !== undefined && basename(command[0] ?? "") === "conmon" && argumentOf(command, "--cid") === id
  );
}

const GRACE_MS = 2000;

/** Kills what a monitor watches and waits until it has ended, which it does by itself; one that hangs is made to. */
export function endMonitor(pid: number, clock: Clock): Promise<void> {
  for (const child of childrenOf(pid)) killProcess(child, "SIGKILL");
  return new Promise((resolve) => {
    const cancel = clock.after(GRACE_MS, () => killProcess(pid, "SIGKILL"));
    watchProcessExit(pid, () => {
      cancel();
      resolve();
    });
  });
}
