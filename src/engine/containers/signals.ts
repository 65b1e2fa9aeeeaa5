import { constants } from "node:os";
import { invalidRequest } from "../errors.ts";

const SIGRTMIN = 34;
export const SIGRTMAX = 64;

/** Number of a signal given as `9`, `KILL` or `SIGKILL`, `SIGRTMIN+3`. InvalidArgument `invalid signal: …`. */
export function signalNumber(text: string): number {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    if (number >= 1 && number <= SIGRTMAX) return number;
    throw invalidRequest(`invalid signal: ${text}`);
  }
  const name = text.toUpperCase().replace(/^SIG/, "");
  const known = (constants.signals as Record<string, number | undefined>)[`SIG${name}`];
  if (known !== undefined) return known;
  const realTime = /^RT(MIN|MAX)(?:([+-])(\d+))?$/.exec(name);
  if (realTime) {
    const base = realTime[1] === "MIN" ? SIGRTMIN : SIGRTMAX;
    const number = base + Number(`${realTime[2] ?? "+"}${realTime[3] ?? 0}`);
    if (number >= SIGRTMIN && number <= SIGRTMAX) return number;
  }
  throw invalidRequest(`invalid signal: ${text}`);
}

export const SIGTERM = 15;
export const SIGKILL = 9;
