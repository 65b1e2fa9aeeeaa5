import { closeSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { errnoCode } from "../base/index.ts";
import { check, hasErrno, koffi, libc } from "./libc.ts";

export interface ProcessIdentity {
  pid: number;
  /** Clock ticks since boot at which it started: with the pid it names a process once and for all. */
  startTime: number;
  /** `R`, `S`, `Z`, … (proc(5)). */
  state: string;
  parentPid: number;
}

/** Who has this pid now; undefined when nobody has, or only a zombie whose life is over. */
export function processIdentity(pid: number): ProcessIdentity | undefined {
  const found = readStat(pid);
  return found && found.state !== "Z" && found.state !== "X" ? found : undefined;
}

function readStat(pid: number): ProcessIdentity | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The command stands in parentheses and may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { pid, state: fields[0]!, parentPid: Number(fields[1]), startTime: Number(fields[19]) };
}

/** Whether the process that was seen with this pid and start time still runs. */
export function isSameProcess(pid: number, startTime: number): boolean {
  return processIdentity(pid)?.startTime === startTime;
}

/** False when there is no such process (any more). */
export function killProcess(pid: number, signal: NodeJS.Signals | number): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (errnoCode(error) === "ESRCH") return false;
    throw error;
  }
}

/** Pids of the direct children, zombies included. */
export function childrenOf(pid: number): number[] {
  const pids: number[] = [];
  try {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const text = readFileSync(`/proc/${pid}/task/${task}/children`, "utf8");
      pids.push(...text.split(" ").filter(Boolean).map(Number));
    }
  } catch {
    // It ended while being looked at.
  }
  return pids;
}

const SYS_PIDFD_OPEN = 434;

/**
 * Calls `onExit` once when the process, which need not be a child, has ended (at once when it is gone already). Returns
 * the way to stop watching.
 */
export function watchProcessExit(pid: number, onExit: () => void): () => void {
  let fd: number;
  try {
    fd = check(Number(libc().pidfdOpen(SYS_PIDFD_OPEN, pid, 0)), `pidfd_open ${pid}`);
  } catch (error) {
    if (!hasErrno(error, "ESRCH")) throw error;
    queueMicrotask(onExit);
    return () => {};
  }
  let handle: { close(): void } | undefined = koffi().node.poll(fd, { readable: true }, () => {
    stop();
    onExit();
  });
  const stop = () => {
    if (!handle) return;
    handle.close();
    handle = undefined;
    closeSync(fd);
  };
  return stop;
}

const SYS_PIDFD_GETFD = 438;

/**
 * The first of the open files of a process whose link in /proc fits, as a descriptor of this process (close-on-exec); undefined
 * when there is none, or when this process may not have it (pidfd_getfd(2): CAP_SYS_PTRACE).
 */
export function borrowDescriptor(pid: number, fits: (link: string) => boolean): number | undefined {
  let pidfd: number | undefined;
  try {
    pidfd = check(Number(libc().pidfdOpen(SYS_PIDFD_OPEN, pid, 0)), `pidfd_open ${pid}`);
    const dir = `/proc/${pid}/fd`;
    const number = readdirSync(dir).find((name) => fits(readlinkSync(`${dir}/${name}`)));
    if (number === undefined) return undefined;
    return check(
      Number(libc().pidfdGetfd(SYS_PIDFD_GETFD, pidfd, Number(number), 0)),
      `pidfd_getfd ${pid} ${number}`,
    );
  } catch {
    // It ended meanwhile, or is another's.
    return undefined;
  } finally {
    if (pidfd !== undefined) closeSync(pidfd);
  }
}

/** The command line of a process, or undefined when it is gone. */
export function commandLineOf(pid: number): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  } catch {
    return undefined;
  }
}
