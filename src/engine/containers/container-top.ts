import { GantryError } from "../../base/index.ts";
import type { EngineContext } from "../context.ts";
import { invalidRequest, isRestarting, notRunning } from "../errors.ts";
import { emitContainerEvent } from "../events/container-events.ts";

const DEFAULT_PS = "-ef";

/** `docker top`: what the host's ps says about the container's processes. */
export async function containerTop(
  context: EngineContext,
  reference: string,
  psArguments = DEFAULT_PS,
): Promise<{ Titles: string[]; Processes: string[][] }> {
  const container = context.containers.get(reference);
  if (container.record.state.Restarting) throw isRestarting(container.id);
  if (!container.hasProcess) throw notRunning(container.id);
  const words = (psArguments || DEFAULT_PS).split(/\s+/).filter(Boolean);
  assertPsArguments(words);
  const output = await context.runtime.listProcesses(words);
  const rows = chooseRows(output, new Set(context.runtime.processes(container.id)));
  emitContainerEvent(context, container, "top");
  return rows;
}

/** Nothing that would let a title other than PID's stand in PID's place (moby, validatePSArgs). */
function assertPsArguments(words: readonly string[]): void {
  for (const word of words) {
    // The kernel takes no program's argument with one in it.
    if (word.includes("\0")) throw invalidRequest("fork/exec /usr/bin/ps: invalid argument");
    if (/\bpid\s*=/i.test(word) && !/\bpid=PID\b/.test(word)) {
      throw invalidRequest(`specifying "${word}" is not allowed`);
    }
  }
}

function chooseRows(output: string, pids: ReadonlySet<number>): { Titles: string[]; Processes: string[][] } {
  const lines = output.split("\n").filter(Boolean);
  const titles = (lines[0] ?? "").trim().split(/\s+/);
  const column = titles.indexOf("PID");
  if (column < 0) {
    throw new GantryError("InvalidArgument", "Couldn't find PID field in ps output", {
      code: "Engine.NoPidColumn",
    });
  }
  const rows = lines
    .slice(1)
    .map((line) => splitRow(line, titles.length))
    .filter((row) => pids.has(Number(row[column])));
  return { Titles: titles, Processes: rows };
}

/** The last column takes all that is left, spaces included. */
function splitRow(line: string, columns: number): string[] {
  const words = line.trim().split(/\s+/);
  if (words.length <= columns) return words;
  return [...words.slice(0, columns - 1), words.slice(columns - 1).join(" ")];
}
