/** Indexes `first` to `last`. */
interface Interval {
  first: number;
  last: number;
}

/** Indexes of the pods of an indexed Job, as intervals: there may be many thousands. Never changed once it is made. */
export class IndexSet {
  /** Ascending, with a gap between each two. */
  readonly #intervals: readonly Interval[];

  private constructor(intervals: readonly Interval[]) {
    this.#intervals = joined(intervals);
  }

  static of(indexes: Iterable<number>): IndexSet {
    return new IndexSet([...indexes].map((index) => ({ first: index, last: index })));
  }

  /** Reads `1,3-5`; what cannot be read in it is passed over, what is not below `completions` is left out. */
  static parse(text: string, completions: number): IndexSet {
    const intervals = text.split(",").flatMap((part) => {
      const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
      if (first === undefined || Number(first) >= completions) return [];
      return [{ first: Number(first), last: Math.min(Number(last), completions - 1) }];
    });
    return new IndexSet(intervals);
  }

  get size(): number {
    return this.#intervals.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  }

  has(index: number): boolean {
    const at = firstAt(this.#intervals, ({ last }) => last >= index);
    return at < this.#intervals.length && this.#intervals[at]!.first <= index;
  }

  union(other: IndexSet): IndexSet {
    return new IndexSet([...this.#intervals, ...other.#intervals]);
  }

  /** How many indexes are in both. */
  overlap(other: IndexSet): number {
    let count = 0;
    let [here, there] = [0, 0];
    while (here < this.#intervals.length && there < other.#intervals.length) {
      const [a, b] = [this.#intervals[here]!, other.#intervals[there]!];
      count += Math.max(0, Math.min(a.last, b.last) - Math.max(a.first, b.first) + 1);
      if (a.last <= b.last) here++;
      if (b.last <= a.last) there++;
    }
    return count;
  }

  /** The first `count` indexes below `completions` that are not in it. */
  missing(count: number, completions: number): number[] {
    const found: number[] = [];
    let candidate = 0;
    for (const { first, last } of [...this.#intervals, { first: completions, last: completions }]) {
      for (; candidate < Math.min(first, completions) && found.length < count; candidate++)
        found.push(candidate);
      candidate = Math.max(candidate, last + 1);
    }
    return found;
  }

  /** `1,3-5`; two neighbours are written one by one. */
  toString(): string {
    return this.#intervals
      .map(({ first, last }) => {
        if (first === last) return `${first}`;
        return `${first}${last === first + 1 ? "," : "-"}${last}`;
      })
      .join(",");
  }
}

function joined(intervals: readonly Interval[]): Interval[] {
  const result: Interval[] = [];
  for (const { first, last } of [...intervals].sort((a, b) => a.first - b.first)) {
    const before = result.at(-1);
    if (before === undefined || first > before.last + 1) result.push({ first, last });
    else before.last = Math.max(before.last, last);
  }
  return result;
}

/** Where the first item stands for which it holds, given that it holds for all after that one. */
function firstAt<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(items[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
