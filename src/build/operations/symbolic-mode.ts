import { invalidArgument } from "../../base/index.ts";

const CLAUSE = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/;
const ACTION = /([-+=])([rwxXst]*|[ugo])(?=[-+=]|$)/g;
const BITS = { r: 0o4, w: 0o2, x: 0o1 } as const;
const SHIFTS = { u: 6, g: 3, o: 0 } as const;
type Who = keyof typeof SHIFTS;

/** Applies `u+rwX,go-w` (chmod(1)) or octal digits to permission bits; without a umask, so that `+x` is for all. */
export function applyMode(text: string, mode: number, isDirectory: boolean): number {
  if (/^[0-7]{1,5}$/.test(text)) return Number.parseInt(text, 8) & 0o7777;
  let bits = mode & 0o7777;
  for (const clause of text.split(",")) {
    const match = CLAUSE.exec(clause);
    if (!match) throw invalidArgument(`invalid chmod parameter: '${text}'`, { code: "Build.Chmod" });
    const [, names = "", actions = ""] = match;
    const who: Who[] = names === "" || names.includes("a") ? ["u", "g", "o"] : ([...names] as Who[]);
    for (const [, operator, what = ""] of actions.matchAll(ACTION))
      bits = applyAction(bits, who, operator!, what, isDirectory);
  }
  return bits;
}

function applyAction(
  mode: number,
  who: readonly Who[],
  operator: string,
  what: string,
  isDirectory: boolean,
): number {
  let changed = 0;
  let affected = 0;
  for (const one of who) {
    changed |= permissionsOf(mode, what, isDirectory) << SHIFTS[one];
    affected |= 0o7 << SHIFTS[one];
    if (what.includes("s") && one === "u") changed |= 0o4000;
    if (what.includes("s") && one === "g") changed |= 0o2000;
  }
  if (what.includes("t")) changed |= 0o1000;
  if (operator === "+") return mode | changed;
  return operator === "-" ? mode & ~changed : (mode & ~affected) | changed;
}

function permissionsOf(mode: number, what: string, isDirectory: boolean): number {
  if (what === "u" || what === "g" || what === "o") return (mode >> SHIFTS[what]) & 0o7;
  let bits = 0;
  for (const [letter, bit] of Object.entries(BITS)) if (what.includes(letter)) bits |= bit;
  if (what.includes("X") && (isDirectory || (mode & 0o111) !== 0)) bits |= 0o1;
  return bits;
}
