/** A part of the pods' indexes of a job, `from` to `to`. */
interface Interval {
  from: number;
  to: number;
}

/** How many indexes a text as `1,3-5` names, or what is wrong with it (batch validateIndexesFormat). */
export function countIndexes(text: string, completions: number): number | string {
  if (text === "") return 0;
  let last: number | undefined;
  let total = 0;
  for (const part of text.split(",")) {
    const interval = parseInterval(part, completions);
    if (typeof interval === "string") return interval;
    if (last !== undefined && last >= interval.from) return notIncreasing(last, interval.from);
    total += interval.to - interval.from + 1;
    last = interval.to;
  }
  return total;
}

function parseInterval(text: string, completions: number): Interval | string {
  const parts = text.split("-");
  if (parts.length > 2)
    return `the fragment ${JSON.stringify(text)} violates the requirement that an index interval can have at most two parts separated by '-'`;
  const limits: number[] = [];
  for (const part of parts) {
    if (!/^\+?\d+$/.test(part)) return `cannot convert string to integer for index: ${JSON.stringify(part)}`;
    if (Number(part) >= completions) return `too large index: ${JSON.stringify(part)}`;
    limits.push(Number(part));
  }
  const [from = 0, to] = limits;
  if (to === undefined) return { from, to: from };
  return from >= to ? notIncreasing(from, to) : { from, to };
}

const notIncreasing = (previous: number, current: number) =>
  `non-increasing order, previous: ${previous}, current: ${current}`;

/** The first index that both texts name; what is no interval in them is told elsewhere. */
export function overlapOf(one: string, other: string, completions: number): number | undefined {
  const left = intervalsOf(one, completions);
  const right = intervalsOf(other, completions);
  while (left.length > 0 && right.length > 0) {
    const [a, b] = [left[0]!, right[0]!];
    if (a.from <= b.to && b.from <= a.to) return Math.max(a.from, b.from);
    if (a.from <= b.from) left.shift();
    else right.shift();
  }
  return undefined;
}

function intervalsOf(text: string, completions: number): Interval[] {
  return text.split(",").flatMap((part) => {
    const interval = parseInterval(part, completions);
    return typeof interval === "string" ? [] : [interval];
  });
}
